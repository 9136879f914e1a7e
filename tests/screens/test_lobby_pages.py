"""Who may open the lobby's screen, and whose code stands on it."""

from types import SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI

from display import lobby
from server.domain.errors import Forbidden
from server.domain.presence import Presence
from server.live.views import BoardView
from server.web import qr
from server.web.kit import kit
from server.web.who import Device, device
from tests.screens.lobby_boards import NOW, board, call

PRESENCE = Presence(b"a key of the test, long enough for it")
HALL = Device("lobby1", "harbour", "lobby", "Hall")
DOOR = Device("kiosk1", "harbour", "kiosk", "Door")


def asked_by(screen: Device) -> httpx2.AsyncClient:
    async def view(_branch_id: str) -> BoardView:
        return board(call("A042"))

    app = FastAPI()
    app.include_router(lobby.router)
    app.dependency_overrides[device] = lambda: screen
    app.dependency_overrides[kit] = lambda: SimpleNamespace(
        board=view, presence=PRESENCE, now=lambda: NOW, base_url=lambda _: "http://harbour.test"
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://harbour.test")


async def test_the_lobby_opens_with_the_branch_as_it_is() -> None:
    async with asked_by(HALL) as screen:
        answer = await screen.get("/lobby")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert 'aria-label="A042"' in answer.text
    assert 'hx-ws:connect="/live/lobby?language=en"' in answer.text


@pytest.mark.parametrize("path", ["/lobby", "/lobby/code"])
async def test_another_kind_of_screen_is_sent_away(path: str) -> None:
    async with asked_by(DOOR) as screen:
        with pytest.raises(Forbidden):
            await screen.get(path)


async def test_the_code_is_a_fresh_picture_of_this_screens_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def svg(text: str) -> str:
        drawn.append(text)
        return "<svg/>"

    monkeypatch.setattr(qr, "svg", svg)
    async with asked_by(HALL) as screen:
        answer = await screen.get("/lobby/code")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["cache-control"] == "no-store"
    address, code = drawn[0].rsplit("/", 1)
    assert address == "http://harbour.test/d/harbour"
    assert PRESENCE.read_code("harbour", code, NOW) == HALL.id
