"""The checks of what sockets refuse and what ends them fail when the defect they look for is planted."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.databases import copy_of
from tests.live import test_endings as endings
from tests.live import test_sockets as told
from tests.live.conftest import Wire, served

IMPATIENT = 4.0  # seconds: twice what a revocation may take


def always(*_: object) -> bool:
    return True


def never(*_: object) -> bool:
    return False


def nothing(*_: object) -> None: ...


PLANTED: list[tuple[str, Any, Callable[[Wire], Awaitable[None]]]] = [
    ("server.web.sockets.same_origin", always, told.test_a_socket_from_a_foreign_page_is_accepted_and_then_turned_away),
    *(
        (
            "server.web.sockets.same_origin",
            always,
            partial(told.test_an_origin_that_only_looks_like_ours_is_foreign, origin=o),
        )
        for o in ("null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example")
    ),
    ("server.web.sockets._may_ask", always, told.test_without_an_origin_a_cookie_is_not_enough_but_a_key_is),
    ("server.access.Staff.may", always, told.test_what_is_watched_follows_from_who_asks),
    ("server.web.plain_line.Inbound.is_too_much", never, told.test_a_flood_ends_that_socket_only),
    ("server.live.hub.Hub.revoke", nothing, endings.test_a_session_that_another_process_ends_takes_its_sockets_along),
    ("server.live.hub.Hub.revoke", nothing, endings.test_a_screen_that_another_process_revokes_sees_nothing_more),
    ("server.access.Memory.forget", nothing, endings.test_a_role_that_is_taken_away_ends_sockets_opened_with_a_key),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted[0].rpartition(".")[2])
async def test_a_defect_is_noticed(wire: Wire, planted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where, instead, check = planted
    monkeypatch.setattr(where, instead)
    monkeypatch.setattr(endings, "PATIENCE", IMPATIENT)
    monkeypatch.setattr(told, "PATIENCE", IMPATIENT)
    with pytest.raises((AssertionError, TimeoutError)):
        await check(wire)


async def test_a_server_that_reads_whatever_is_sent_is_noticed(
    sqlite_pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.__main__.LARGEST_MESSAGE", 10**6)
    monkeypatch.setattr(told, "PATIENCE", IMPATIENT)
    async with served(copy_of(sqlite_pattern, tmp_path), tmp_path) as wire:
        with pytest.raises((AssertionError, TimeoutError)):
            await told.test_a_message_larger_than_four_kilobytes_ends_that_socket_only(wire)
