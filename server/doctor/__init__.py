"""What is wrong with an installation, and what to do about it: every check looks at one thing and changes nothing.

machine.py   the folder, the disk, open files, time zones, catalogues
stores.py    the database, its tables, its clock; Redis and the processes around it
ways.py      how phones come here: the address, https, the server itself
"""

from collections.abc import Iterator

from server.doctor import machine, stores, ways
from server.doctor.finding import Finding, State
from server.settings import Settings

__all__ = ["Finding", "State", "examine"]


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn, each as soon as it is known."""
    yield machine.folder(settings)
    yield machine.disk(settings)
    with stores.opened(settings) as opened:
        yield opened.database()
        yield opened.tables()
        yield opened.clock()
        yield opened.zones()
    yield stores.processes(settings)
    yield stores.redis(settings)
    yield machine.files()
    yield machine.catalogues()
    yield ways.address(settings)
    yield ways.https(settings)
    yield ways.server(settings)
