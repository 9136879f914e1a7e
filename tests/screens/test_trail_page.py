"""The audit trail as a page: who, what, before, after, when; found again by person, thing and day."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.chance import new_token
from tests.databases import copy_of
from tests.screens.office import Browser, Office, office_of
from tests.world import harbour


@pytest.fixture
async def office(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as found:
        yield found


@pytest.fixture
async def mira(office: Office) -> Browser:
    return await office.signed_in("Mira")


def heads(page: str) -> list[str]:
    found = re.findall(r"<h2>(.*?)</h2>", page.partition('<ol class="card trail">')[2])
    return [re.sub(r"<[^>]+>", "", each) for each in found]


async def newest(mira: Browser) -> str:
    """The line told first."""
    return (await mira.page("/trail")).text.partition('<ol class="card trail">')[2].partition("</li>")[0]


async def test_a_change_is_told_with_who_when_before_and_after(mira: Browser) -> None:
    form = {"name_en": "Renewals", "name_fr": "Renouvellements", "letter": "B", "target_wait": "5"}
    await mira.sends("/services/renewals", typical_service="8", **form)
    page = (await mira.page("/trail")).text
    assert heads(page)[0] == "Service changed · Renewals"
    assert "<bdi>Mira</bdi> · " in page
    assert "Monday 23 November 2026, 13:00" in page
    assert re.search(r"<dt>Target wait \(min\)</dt>\s*<dd><del>.*?<bdi>15</bdi></del><ins>.*?<bdi>5</bdi></ins>", page)


async def test_a_person_who_is_called_otherwise_is_told_with_both_names(office: Office, mira: Browser) -> None:
    await mira.sends(f"/people/{office.ids['Ken']}", name="Kenneth", role="agent")
    told = await newest(mira)
    assert re.search(r"<dt>Name</dt>\s*<dd><del>.*?<bdi>Ken</bdi></del><ins>.*?<bdi>Kenneth</bdi></ins>", told)
    assert "<dt>Role</dt>" not in told


async def test_of_a_notice_the_times_are_told_when_they_change(mira: Browser) -> None:
    timed = {"from": "2026-11-26T08:00", "until": "2026-11-27T16:00"}
    headers = {"cookie": f"session={mira.token}; language=en", "origin": "http://harbour.example"}
    form = {"key": new_token(), "notice_en": "Closd on Friday", **timed}
    await mira.http.post("/floor/harbour/notice", data=form, headers=headers)
    await mira.sends("/branch", name="Harbour Branch", notice_en="Closed on Friday", notice_fr="")
    assert re.findall(r"<dt>(.*?)</dt>", await newest(mira)) == ["Notice"]
    await mira.sends("/branch", name="Harbour Branch", notice_en="", notice_fr="")
    told = await newest(mira)
    assert re.search(r"<dt>From</dt>\s*<dd><del>.*?<bdi>2026-11-26T07:00:00", told)
    assert re.search(r"<dt>Until</dt>\s*<dd><del>.*?<bdi>2026-11-27T15:00:00", told)


async def test_what_setup_made_is_told_too(mira: Browser) -> None:
    page = (await mira.page("/trail")).text
    assert {"New service · New passport", "New counter · 3", "Person invited · Ken", "New screen · Door"} <= set(
        heads(page)
    )
    assert "The server, or a command" in page


async def test_it_speaks_french_by_the_branchs_clock(mira: Browser) -> None:
    await mira.sends("/services/renewals/pause")
    page = (await mira.page("/trail", "fr")).text
    assert heads(page)[0] == "Service suspendu · Renouvellements"
    assert "lundi 23 novembre 2026, 13:00" in page


async def test_lines_are_found_by_person_thing_and_day(office: Office, mira: Browser) -> None:
    await mira.sends("/services/renewals/pause")
    office.clock.forward(days=1)
    await mira.sends("/closures", day="2026-12-25")
    mine = f"person={office.ids['Mira']}"
    assert heads((await mira.page(f"/trail?{mine}")).text) == ["Closed day added", "Service paused · Renewals"]
    assert heads((await mira.page(f"/trail?{mine}&thing=service")).text) == ["Service paused · Renewals"]
    assert heads((await mira.page("/trail?since=2026-11-24")).text) == ["Closed day added"]
    assert heads((await mira.page(f"/trail?{mine}&until=2026-11-23")).text) == ["Service paused · Renewals"]
    assert "Nothing was changed" in (await mira.page("/trail?since=2027-01-01")).text
    assert "Mira" not in "".join(heads((await mira.page("/trail?person=system&thing=service")).text))


async def test_a_day_that_is_none_is_said_beside_its_field(mira: Browser) -> None:
    page = (await mira.page("/trail?since=soon")).text
    assert 'aria-invalid="true"' in page
    assert heads(page)


async def test_many_lines_come_page_by_page(mira: Browser) -> None:
    for n in range(60):
        await mira.sends(f"/services/renewals/pause{'/end' * (n % 2)}")
    first = (await mira.page("/trail?thing=service")).text
    assert len(heads(first)) == 50
    older = re.search(r'href="/setup/harbour(/trail\?[^"]*before=\d+)"', first)
    assert older
    rest = (await mira.page(older[1].replace("&amp;", "&"))).text
    assert len(heads(rest)) == 12
    assert "Back to the newest" in rest


async def test_another_branchs_changes_are_not_told(office: Office, mira: Browser) -> None:
    ken = await office.signed_in("Ken")
    assert (await ken.page("/trail")).status_code == 403
