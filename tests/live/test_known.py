"""A phone that is known is let in at once; whoever is not goes the ordinary way, and the ordinary way decides."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.web import sockets
from server.web.known import Known
from tests.databases import copy_of
from tests.live.conftest import PATIENCE, Wire, served

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3: the answer to this very key
Headers = list[tuple[str, str]]


@pytest.fixture
async def wire(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Wire]:
    async with served(copy_of(sqlite_pattern, tmp_path), tmp_path) as found:
        await found.world.ada.joins()
        await found.app.state.kit.claims.of(found.world.ada.ticket)
        await found.app.state.kit.board("harbour")
        yield found


def usual(wire: Wire, ticket_id: str) -> Headers:
    return [
        ("host", wire.host),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("user-agent", "Mozilla/5.0"),
        ("origin", wire.home),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("cookie", f"visitor=abc; ticket_{ticket_id}={wire.secret(ticket_id)}; theme=dark"),
    ]


def handshake(headers: Headers, path: str) -> bytes:
    """As uvicorn writes anew what it understood."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def path_of(ticket_id: str) -> str:
    return f"/api/v1/live/tickets/{ticket_id}"


def entrance(wire: Wire, *changed: tuple[str, str | None], path: str = "", more: Headers | None = None) -> bytes | None:
    """What Ada's handshake is answered with at once, with these headers changed, or left out (None)."""
    headers = dict(usual(wire, wire.world.ada.ticket)) | dict(changed)
    said = [(name, value) for name, value in headers.items() if value is not None] + (more or [])
    found = Known(wire.app.state.kit).entrance(handshake(said, path or path_of(wire.world.ada.ticket)))
    return found.answer if found else None


async def test_a_known_phone_is_let_in_before_the_app_has_heard_of_it(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_hold", None)  # whoever came this way would be dropped
    ada = wire.world.ada.ticket
    async with wire.connects(path_of(ada), wire.holds(ada), open_timeout=PATIENCE) as socket:
        assert json.loads(await socket.recv())["state"] == "waiting"
        assert wire.app.state.kit.hub.count() == 1
        await wire.world.ken.takes("1")
        await wire.world.ken.calls_next()
        while json.loads(await socket.recv())["state"] != "called":
            pass
    assert socket.close_code == 1000


async def test_the_answer_is_the_one_that_the_key_asks_for(wire: Wire) -> None:
    said = (entrance(wire) or b"").decode()
    assert said.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert f"Sec-WebSocket-Accept: {ACCEPTED}\r\n" in said
    assert "X-Request-Id: " in said
    assert said.endswith("\r\n\r\n")


async def test_it_comes_from_a_page_of_ours_by_either_scheme(wire: Wire) -> None:
    assert entrance(wire, ("origin", f"https://{wire.host}"))
    assert entrance(wire, ("origin", f"https://{wire.host}"), ("x-forwarded-proto", "https"))
    assert entrance(wire, ("x-forwarded-proto", "https")) is None  # that page came unprotected, and we do not


@pytest.mark.parametrize(
    "changed",
    [
        ("origin", "https://evil.example"),
        ("origin", None),
        ("origin", "null"),
        ("host", None),
        ("cookie", None),
        ("cookie", "theme=dark"),
        ("sec-websocket-version", "8"),
        ("sec-websocket-key", "short"),
        ("sec-websocket-key", None),
        ("sec-websocket-protocol", "chat"),
        ("authorization", "Ticket abc"),
        ("content-length", "5"),
        ("x-request-id", "theirs"),
    ],
)
async def test_what_is_out_of_the_ordinary_goes_the_ordinary_way(wire: Wire, changed: tuple[str, str | None]) -> None:
    assert entrance(wire) is not None
    assert entrance(wire, changed) is None


async def test_a_header_said_twice_goes_the_ordinary_way(wire: Wire) -> None:
    for name in ("host", "origin", "cookie"):
        assert entrance(wire, more=[(name, dict(usual(wire, wire.world.ada.ticket))[name])]) is None


async def test_nobody_is_let_in_with_another_secret_or_to_another_ticket(wire: Wire) -> None:
    bo = wire.world.bo
    await bo.joins()
    await wire.app.state.kit.claims.of(bo.ticket)
    await wire.app.state.kit.board("harbour")
    ada = wire.world.ada.ticket
    for cookie in (
        f"ticket_{ada}=",
        f"ticket_{ada}={wire.secret(bo.ticket)}",
        f"ticket_{ada}=\xff",
        f"x_ticket_{ada}={wire.secret(ada)}",
    ):
        assert entrance(wire, ("cookie", cookie)) is None
    assert entrance(wire, path=path_of(bo.ticket)) is None
    for path in ("/live/lobby", path_of(ada) + "?x=1", path_of(ada) + "/", path_of("%61" + ada), path_of("nobody")):
        assert entrance(wire, path=path) is None


async def test_a_revoked_secret_is_asked_for_again(wire: Wire) -> None:
    assert entrance(wire) is not None
    wire.app.state.kit.forget_who()
    assert entrance(wire) is None


async def test_a_branch_that_has_moved_on_is_looked_at_first(wire: Wire) -> None:
    wire.app.state.kit.boards.announced("harbour", 10**6)
    assert entrance(wire) is None


async def test_frames_of_a_phone_that_was_let_in_at_once_are_held_to_the_same_rules(wire: Wire) -> None:
    ada = wire.world.ada.ticket
    client = await wire.connects_raw(path_of(ada), wire.holds(ada) | {"Origin": wire.home})
    await client.sends(b"\xff\xfe")  # no UTF-8
    assert await client.code() == 1007
