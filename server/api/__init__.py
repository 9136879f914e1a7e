"""The JSON face for other programs: the same actions as the pages use, one file per noun, and nothing of its own.

Begin with `face.py`, which puts the nouns together; `shapes.py` says what goes in and out, `problem.py` how we refuse.
"""

from server.api.face import mount as mount
