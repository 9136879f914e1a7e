"""A report narrowed to one service, one counter or one way of joining: what it shows, keeps, refuses and is called."""

import csv
import io
import re
from functools import partial
from html import unescape
from typing import Any

import pytest

from server.actions import serving
from server.actions.arranging import counters, services
from server.domain.branch import Counter
from server.queries import tickets
from tests.screens.conftest import House
from tests.screens.phones import Place
from tests.screens.reported import a_day, rows, text

PAGE = "/reports/harbour"
FILES = ("/report.csv", "/report.xlsx")
NAMED = "?from=2026-11-23&to=2026-11-23"


async def _page(house: House, query: str, status: int = 200) -> str:
    """As Mira sees it."""
    await house.mira.enters()
    answer = await house.mira.opens(PAGE + query)
    assert answer.status_code == status
    return answer.text


async def test_one_counter_is_told_as_its_row_was(here: Place, house: House) -> None:
    await a_day(here.world)
    of_all = rows(await _page(house, ""), "counter")
    for label in ("1", "2"):
        page = await _page(house, f"?counter={here.world.counters[label]}")
        assert rows(page, "hour") == {"13:00": of_all[label]}


async def test_what_it_is_narrowed_to_is_no_table_of_one_row(here: Place, house: House) -> None:
    await a_day(here.world)
    counter = here.world.counters["1"]
    page = await _page(house, f"?service=new-passport&counter={counter}&channel=phone")
    shown = [part for part in ("hour", "service", "counter", "channel", "lost") if f'id="by-{part}"' in page]
    assert shown == ["hour", "lost"]


async def test_the_hours_of_one_service_are_held_against_its_target(here: Place, house: House) -> None:
    await a_day(here.world)
    assert 'class="target"' in _part(await _page(house, "?service=new-passport"), "hour")
    assert 'class="target"' not in _part(await _page(house, ""), "hour")


async def test_the_heading_and_the_title_say_of_whom_it_tells(here: Place, house: House) -> None:
    await a_day(here.world)
    page = await _page(house, f"?service=new-passport&counter={here.world.counters['1']}&channel=phone")
    said = "Monday 23 November 2026 · New passport · Counter 1 · Joined by: Phone"
    assert f"<title>{said} · Harbour Branch</title>" in page
    assert _heading(page) == f"Report of Harbour Branch: {said.replace(' · ', ' ', 1)}"


async def test_every_way_on_keeps_what_was_chosen(here: Place, house: House) -> None:
    await a_day(here.world)
    kept = f"&service=new-passport&counter={here.world.counters['1']}&channel=phone"
    page = await _page(house, NAMED + kept)
    ways = [way for way in _ways(page) if "from=" in way]
    wide = [way for way in ways if kept not in way]
    assert len(ways) == 7 + 2 + 2 + 1  # usual ranges, before and after, files, everything
    assert wide == [PAGE + NAMED]
    assert set(re.findall(r'<option value="([^"]+)" selected', page)) == {
        "new-passport", here.world.counters["1"], "phone",
    }  # fmt: skip


async def test_everything_is_what_empty_fields_ask_for(here: Place, house: House) -> None:
    await a_day(here.world)
    page = await _page(house, f"{NAMED}&service=&counter=&channel=")
    assert [way for way in _ways(page) if "service=" in way] == []
    assert {name: cells[0] for name, cells in rows(page, "channel").items()} == {"Phone": "5"}


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("service", "This branch never had this service"),
        ("counter", "This branch never had this counter"),
        ("channel", "Nobody can join like this"),
    ],
)
async def test_what_there_is_not_is_said_at_its_field_and_the_rest_stays(house: House, field: str, said: str) -> None:
    kept = {"service": "renewals", "counter": house.world.counters["2"], "channel": "kiosk"}
    query = NAMED + "".join(f"&{name}={'nothing' if name == field else id}" for name, id in kept.items())
    page = await _page(house, query, status=422)
    assert re.search(rf'<p class="field-wrong" id="only-{field}-problem">.*{said}', page)
    assert re.search(rf'name="{field}" aria-invalid="true" aria-describedby="only-{field}-problem"', page)
    del kept[field]
    assert set(re.findall(r'<option value="([^"]+)" selected', page)) == set(kept.values())
    assert page.count('type="date" value="2026-11-23"') == 2
    for file in FILES:
        assert (await house.mira.opens(PAGE + file + query)).status_code == 422


async def test_a_counter_of_another_branch_is_none_of_this_one(here: Place, house: House) -> None:
    await _page(house, "?counter=" + "a" * 16, status=422)
    await _page(house, "?service=" + "a" * 9000, status=422)


async def test_everything_that_is_wrong_is_said_at_once(house: House) -> None:
    page = await _page(house, "?from=soon&to=2026-11-23&service=nothing&channel=kiosk", status=422)
    assert page.count('class="field-wrong"') == 2
    assert 'value="soon"' in page
    assert '<option value="kiosk" selected' in page


async def test_what_is_archived_keeps_its_history(here: Place, house: House) -> None:
    await a_day(here.world)
    await here.world.ken.does(serving.put_back, await _of_renewals(here))
    await here.world.mira.does(serving.remove, await _of_renewals(here), reason="asked to")
    mira = here.world.mira.actor
    await here.world.act(services.archive, by=mira, service_id="renewals")
    await here.world.act(counters.archive, by=mira, counter_id=here.world.counters["3"])
    page = await _page(house, f"?counter={here.world.counters['3']}")
    archived = re.findall(r'<optgroup label="Archived">(.*?)</optgroup>', page, re.DOTALL)
    assert [text(each) for each in archived] == ["Renewals", "3"]
    assert "Counter 3" in _heading(await _page(house, f"?counter={here.world.counters['3']}"))


async def test_where_nobody_was_it_says_so_and_leads_on(here: Place, house: House) -> None:
    await a_day(here.world)
    page = await _page(house, f"{NAMED}&channel=kiosk")
    assert "On these days nobody matches this choice" in page
    assert f'href="{PAGE}{NAMED}"' in unescape(page)
    assert "by-hour" not in page


async def test_who_was_only_sent_there_makes_no_empty_report(here: Place, house: House) -> None:
    """Nobody came for renewals, but one was sent on to them, and served."""
    await a_day(here.world)
    sent_on = await _of_renewals(here)
    await here.world.ken.does(serving.start, sent_on)
    here.world.clock.forward(minutes=3)
    await here.world.ken.does(serving.finish, sent_on, outcome=None)
    page = await _page(house, "?from=2026-11-23&to=2026-11-29&service=renewals")
    assert "nobody matches" not in page
    assert rows(page, "counter")["1"][:7] == ["0", "0", "–", "–", "–", "3 min", "3 min"]
    assert "no wait is counted here" in page


async def test_asked_and_rated_are_those_of_the_counter(here: Place, house: House) -> None:
    await a_day(here.world)
    one, two = [await _page(house, f"?counter={here.world.counters[label]}") for label in ("1", "2")]
    assert "1 answer, 100% of visits" in one
    assert "Nobody was asked" in two
    assert rows(one, "reason")["Cared"] == ["1", "0"]
    assert 'id="by-reason"' not in two


async def test_a_file_says_in_its_name_and_in_itself_of_whom_it_tells(here: Place, house: House) -> None:
    await a_day(here.world)
    await house.mira.enters()
    query = f"?service=new-passport&counter={here.world.counters['2']}&channel=phone"
    for ending in ("csv", "xlsx"):
        answer = await house.mira.opens(f"{PAGE}/report.{ending}{query}")
        name = f"harbour-2026-11-23-2026-11-23-new-passport-2-phone.{ending}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    content = (await house.mira.opens(f"{PAGE}/report.csv{query}")).content.decode("utf-8-sig")
    heads, whole, *others = list(csv.reader(io.StringIO(content)))
    assert whole[:3] == ["Altogether", "New passport · Counter 2 · Joined by: Phone", "1"]
    assert not {line[0] for line in others} & {"By service", "By counter", "By way of joining"}
    assert {len(line) for line in others} == {len(heads)}


@pytest.mark.parametrize(
    ("label", "name"), [("Süd 1", "sud-1"), ('"\r\n', None), ("../..", None), ("صندوق", None), ("A/B", "a-b")]
)
async def test_a_label_that_no_disk_can_write_is_left_out_of_the_name(
    here: Place, house: House, label: str, name: str | None
) -> None:
    await a_day(here.world)
    counter = here.world.counters["1"]
    await here.world.db.act("harbour", None, partial(_labelled, counter=counter, label=label))
    await house.mira.enters()
    answer = await house.mira.opens(f"{PAGE}/report.csv?counter={counter}")
    told = answer.headers["content-disposition"]
    assert told == f'attachment; filename="harbour-2026-11-23-2026-11-23-{name or counter}.csv"'


async def test_a_name_is_data_in_the_heading_and_in_the_list(here: Place, house: House) -> None:
    await a_day(here.world)
    counter = here.world.counters["1"]
    await here.world.db.act("harbour", None, partial(_labelled, counter=counter, label="<b>=1</b>"))
    page = await _page(house, f"?counter={counter}")
    assert "<b>=1</b>" not in page
    assert "<bdi>Counter &lt;b&gt;=1&lt;/b&gt;</bdi>" in page


async def test_a_narrowed_report_speaks_french(here: Place, house: House) -> None:
    await a_day(here.world)
    house.mira.http.cookies.set("language", "fr")
    page = await _page(house, f"?service=new-passport&counter={here.world.counters['1']}&channel=phone")
    said = "lundi 23 novembre 2026 Nouveau passeport · Guichet 1 · Inscrit par : Téléphone"
    assert _heading(page) == f"Rapport de Harbour Branch : {said}"
    assert "Tous les services" in page
    assert "n’a jamais eu ce service" in await _page(house, "?service=nothing", status=422)


def _labelled(session: Any, branch: Any, now: Any, *, counter: str, label: str) -> dict[str, Any]:
    """Past the setup page, which would have its own word about it."""
    session.get_one(Counter, counter).label = label
    return {}


async def _of_renewals(here: Place) -> str:
    """The ticket of who was sent on, whom Ken has called."""
    found = await here.world.ask(tickets.open_tickets, here.world.branch)
    (ticket,) = [ticket.id for ticket in found if ticket.service_id == "renewals"]
    return str(ticket)


def _heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return text(found[1])


def _ways(page: str) -> list[str]:
    return [unescape(way) for way in re.findall(r'href="([^"]+)"', page)]


def _part(page: str, name: str) -> str:
    return page.partition(f'id="part-{name}"')[2].partition("</section>")[0]
