"""The JSON face for other programs: the same actions as the pages use, one file per noun, and nothing of its own.

Begin with `face.py`, which puts the nouns together; `said.py` is what goes in, `told.py` what comes out, and
`problem.py` how we refuse.
"""

from server.api.face import mount as mount
