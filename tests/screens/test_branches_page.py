"""The page of all branches: an admin adds one in the browser and archives it; a manager is led to their own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from server.chance import new_token
from server.domain.people import EVERYWHERE, Grant
from tests.databases import copy_of
from tests.screens.office import Browser, Office, office_of
from tests.world import harbour


@pytest.fixture
async def office(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as found:
        yield found


@pytest.fixture
async def mira(office: Office) -> Browser:
    """She is an admin of all branches."""

    def promote(session: Any, *_: object) -> dict[str, str]:
        session.add(Grant(staff_id=office.ids["Mira"], branch_id=EVERYWHERE, role="admin"))
        return {}

    await office.app.state.db.act(None, None, promote)
    return await office.signed_in("Mira")


async def adds(mira: Browser, **fields: Any) -> httpx.Response:
    headers = {"cookie": f"session={mira.token}; language=en", "origin": "http://harbour.example"}
    return await mira.http.post("/setup", data={"key": new_token(), **fields}, headers=headers)


async def listed(mira: Browser) -> str:
    return (await mira.http.get("/setup", headers={"cookie": f"session={mira.token}; language=en"})).text


async def test_an_admin_adds_a_branch_and_is_shown_what_it_needs(mira: Browser) -> None:
    assert "A new branch" in await listed(mira)
    added = await adds(mira, name="Quay Branch", id="", language=["en", "fr"], time_zone="Africa/Lagos")
    assert (added.status_code, added.headers["location"]) == (303, "/setup/quay-branch?done=branch-added")
    page = await mira.http.get(added.headers["location"], headers={"cookie": f"session={mira.token}; language=en"})
    assert "3 more steps and Quay Branch can open" in page.text
    assert "Quay Branch" in (await mira.http.get("/")).text


async def test_what_is_wrong_is_said_beside_its_field(mira: Browser) -> None:
    refused = await adds(mira, name="Harbour", id="harbour", language="en", time_zone="UTC")
    assert (refused.status_code, "Another branch has this short name." in refused.text) == (422, True)
    refused = await adds(mira, name="", id="a b", time_zone="Moon")
    assert (refused.status_code, "4 fields need another look." in refused.text) == (422, True)


async def test_an_archived_branch_is_on_no_list_but_the_admins(mira: Browser) -> None:
    assert "Archive this branch" in (await mira.page("/branch")).text
    await mira.sends("/archive")
    assert "Harbour Branch" not in (await mira.http.get("/")).text
    assert "1 archived branch" in await listed(mira)
    for list_of_work in ("/counter", "/floor"):
        page = await mira.http.get(list_of_work, headers={"cookie": f"session={mira.token}; language=en"})
        assert (page.status_code, "Harbour Branch" in page.text) == (200, False)
    assert "Archived: closed, and on no list." in (await mira.page("/branch")).text
    await mira.sends("/archive/end")
    assert "Harbour Branch" in (await mira.http.get("/")).text


async def test_a_manager_is_offered_neither(office: Office) -> None:
    ken = await office.signed_in("Ken")
    assert (await adds(ken, name="Quay", id="quay", language="en", time_zone="UTC")).status_code == 403
    mira = await office.signed_in("Mira")
    assert "Archive this branch" not in (await mira.page("/branch")).text
    assert (await mira.sends("/archive")).status_code == 403
