"""A plain asyncio client of the JSON face: many at once, on a few connections, without a framework in the way."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tests.running import PATIENCE, Running


class Refused(Exception):
    """An answer of 400 and above."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        super().__init__(status, body)


class Lost(Exception):
    """No answer came: it may have happened or not."""


class Client:
    """One connection, one request at a time."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """(status, JSON); Refused from 400 on; Lost when the connection ends before the answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                status, answer = await self._ask(method, path, body, headers or {})
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as problem:
            await self.close()
            raise Lost from problem
        if status >= 400:
            raise Refused(status, answer)
        return status, answer

    async def close(self) -> None:
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def join(self, code: str, service: str = "new-passport", key: str | None = None) -> dict[str, Any]:
        """A ticket by the door's code; each join is a new visitor."""
        path = f"/api/v1/branches/{self._server.branch}/tickets"
        headers = {"Idempotency-Key": key or uuid.uuid4().hex + uuid.uuid4().hex}
        return dict((await self.ask("POST", path, {"service": service, "presence": code}, headers))[1])

    async def call_next(self, label: str, name: str, key: str | None = None) -> dict[str, Any] | None:
        """The called ticket, or None when nobody waits."""
        path = f"/api/v1/counters/{self._server.counter(label)}/calls"
        headers = {**self._server.as_staff(name), "Idempotency-Key": key or uuid.uuid4().hex}
        answer: dict[str, Any] | None = (await self.ask("POST", path, {}, headers))[1]
        return answer

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._server.port)
        reader, writer = self._streams
        content = json.dumps(body).encode() if body is not None else b""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._server.port}", f"Content-Length: {len(content)}"]
        lines += ["Content-Type: application/json"] if content else []
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        text = await reader.readexactly(length)
        return status, json.loads(text) if text else None
