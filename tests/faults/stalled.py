"""Clients that shake hands and then never read, and what a server's process holds meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.running import PATIENCE, Running

LANGUAGES = ("en", "fr")
HANDSHAKE = (
    "GET /live/counters/{0} HTTP/1.1\r\nAccept-Language: {1}\r\nAuthorization: Bearer {2}\r\nHost: 127.0.0.1:{3}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SEGMENT = 88  # bytes, the least there is: on loopback a small buffer alone still takes in 64 KB
BUFFER = 1024
SENT_QUEUE = 4  # the column of /proc/net/tcp that says what was sent and what waits to be read, in hexadecimal


@contextmanager
def never_reading(server: Running) -> Iterator[list[socket.socket]]:
    """One at each counter's console in each language: large pictures, and no two are the same bytes."""
    consoles = [(counter["id"], language) for counter in server.made["counters"] for language in LANGUAGES]
    with ExitStack() as clients:
        yield [clients.enter_context(_stalled(server, *console)) for console in consoles]


def unread(server: Running, client: socket.socket) -> int:
    """Bytes that the server has given to its kernel for this client, and the client has not taken."""
    ends = f"0100007F:{server.port:04X}", f"0100007F:{client.getsockname()[1]:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if tuple(columns[1:3]) == ends:
            return int(columns[SENT_QUEUE].partition(":")[0], 16)
    return 0


def resident(server: Running) -> int:
    """Bytes of memory that the server's process has in use."""
    status = Path(f"/proc/{_pid(server)}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))


def _pid(server: Running) -> int:
    assert server.process is not None
    return server.process.pid


def _stalled(server: Running, counter: str, language: str) -> socket.socket:
    """Takes nothing in but the handshake."""
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", server.port))
    client.sendall(HANDSHAKE.format(counter, language, server.person("Ken")["key"], server.port).encode())
    assert client.recv(16).split()[1] == b"101"
    return client
