"""What a process asks of its machine before it serves: sockets, open files, calm; a sentence where it says no."""

import errno
import os
import resource
import socket
from collections.abc import Callable

from server.web.connection import KERNEL_BYTES

BACKLOG = 4096  # as many as Linux lets wait: who finds no room there tries again only after a second
FILES_WANTED = 12_000  # ten thousand phones and what else is open


class CannotListen(Exception):
    """Its text is the sentence for whoever started the server."""


def listen(host: str, port: int, workers: int) -> list[socket.socket]:
    """A socket for each worker, all at the same port; CannotListen when that cannot be."""
    try:
        alone = _listening(host, port)
        if workers == 1:
            return [alone]
        port = alone.getsockname()[1]
        alone.close()  # it has shown that nobody else is there: shared ports would not
        return [_listening(host, port, reuse_port=True) for _ in range(workers)]
    except OSError as problem:
        raise CannotListen(_sentence(problem, host, port)) from None


def allow_many_files(say: Callable[[str], None]) -> None:
    """Each phone is an open file: take what the system allows, and say so when it is little."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if max(soft, wanted) < FILES_WANTED:
        say(f"Only {wanted} files may be open here, about as many phones: raise it with ulimit -n {FILES_WANTED}.")


def _sentence(problem: OSError, host: str, port: int) -> str:
    if isinstance(problem, PermissionError):
        return f"{host}:{port} needs more rights than this user has: choose a PORT above 1023."
    if problem.errno is None or problem.errno < 0 or problem.errno == errno.EADDRNOTAVAIL:  # < 0: no such name
        return f"{host} is no address of this machine: set HOST to one, or leave it out."
    reason = os.strerror(problem.errno or 0).lower()
    return f"{host}:{port} cannot be listened at: {reason}. Set PORT to another one."


def _listening(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=reuse_port)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)  # every connection inherits it
    return listening
