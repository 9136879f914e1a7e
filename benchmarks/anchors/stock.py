"""Anchor (b): what everybody writes first; a FastAPI route under uvicorn, and a loop of send_text."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.anchors.control import HOST, Newest, obey, orders

told = orders()
newest = Newest(told.epoch)
groups: defaultdict[str, set[WebSocket]] = defaultdict(set)


async def send(text: str, group: str) -> None:
    for socket in list(groups[group]):
        await socket.send_text(text)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await obey(told.control, newest, send)
    yield


app = FastAPI(openapi_url=None, lifespan=lifespan)


@app.websocket("/{group:path}")
async def watch(socket: WebSocket) -> None:
    await socket.accept()
    group = socket.url.path
    await socket.send_text(newest.text())
    groups[group].add(socket)
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
    groups[group].discard(socket)


if __name__ == "__main__":
    uvicorn.run(
        app, host=HOST, port=told.port, log_level="warning", access_log=False, ws_per_message_deflate=False,
        ws_ping_interval=None, timeout_graceful_shutdown=1,
    )  # fmt: skip
