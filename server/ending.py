"""The end of a process: in time, also where a thread still waits for somebody who says nothing."""

import logging
import os
import socket
from threading import Thread, Timer

import uvicorn

END_SECONDS = 9.0  # from the signal; ten are promised
LAST_WORD_SECONDS = 0.5  # whoever reads the log may have stopped, too
log = logging.getLogger(__name__)


class EndingServer(uvicorn.Server):
    """uvicorn's, whose process is gone in time.

    Python waits for every thread at its end, for as long as it takes. By then whatever was acknowledged is on disk, and
    nobody is left whom a late answer could reach.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        last_resort = Timer(END_SECONDS, end_now)
        last_resort.daemon = True
        last_resort.start()
        await super().shutdown(sockets)


def end_now() -> None:
    """Good, as whoever is told to end and does."""
    saying = Thread(target=log.warning, args=["a thread did not end in time, and is left behind"], daemon=True)
    saying.start()
    saying.join(LAST_WORD_SECONDS)
    os._exit(0)
