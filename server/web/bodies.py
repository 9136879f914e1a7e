"""How much anybody may send at once."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024  # bytes; the longest comment is a thousand characters
LARGEST_FILE = 512 * 1024  # bytes; a branch file of a hundred services, or a logo
FILES = re.compile(r"/setup/[^/]+/(file|file/changes|look/logo)")
"""Where managers send files: who may not be there is refused before the body is read."""


class BoundedBodies:
    """ASGI middleware: whoever reads too long a body gets an HTTPException 413, which each face tells in its own form.

    The framework's own limit answers everybody in plain text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = LARGEST_FILE if FILES.fullmatch(scope["path"]) else LARGEST_BODY
        declared = Headers(scope=scope).get("content-length", "")
        announced, read = int(declared) if declared.isdecimal() else 0, 0

        async def bounded() -> Message:
            nonlocal read
            if announced <= largest:
                message = await receive()
                read += len(message.get("body", b""))
                if read <= largest:
                    return message
            raise HTTPException(413)

        await self._app(scope, bounded, send)
