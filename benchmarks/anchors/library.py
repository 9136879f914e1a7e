"""Anchor (c): the websockets library's own server and its broadcast()."""

import asyncio
from collections import defaultdict

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.anchors.control import HOST, Newest, obey, orders

newest = Newest(0)
groups: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def watch(socket: ServerConnection) -> None:
    assert socket.request is not None
    group = groups[socket.request.path]
    await socket.send(newest.text())
    group.add(socket)
    await socket.wait_closed()
    group.discard(socket)


async def send(text: str, group: str) -> None:
    broadcast(groups[group], text)


async def main() -> None:
    told = orders()
    newest.epoch = told.epoch
    await obey(told.control, newest, send)
    async with serve(watch, HOST, told.port, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(main())
