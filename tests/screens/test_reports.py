"""A manager's reports: what they show, whom they are shown to, and what is taken along."""

import csv
import io
import re
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.actions import serving
from server.branch_file import parse
from server.domain.branch import Branch, Service
from server.domain.reports.report import Spread
from server.first_start import set_up
from server.queries import honesty, reports
from staff_console.reports import charts
from staff_console.reports.period import Period
from tests.screens.conftest import Browser, House
from tests.screens.phones import Place
from tests.screens.reported import a_day, rows
from tests.world import World, harbour

PAGE = "/reports/harbour"
TODAY = date(2026, 11, 23)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FILES = ("/report.csv", "/report.xlsx")


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(house: House) -> None:
    for path in (PAGE, *(PAGE + file for file in FILES)):
        answer = await house.stranger.http.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/staff?next={path}")


async def test_an_agent_sees_no_report(house: House) -> None:
    await house.ken.enters()
    for path in ("/reports", PAGE, *(PAGE + file for file in FILES)):
        assert ((await house.ken.opens(path)).status_code, path) == (403, path)


async def test_a_manager_of_another_branch_sees_no_report(here: Place, house: House) -> None:
    made = await set_up(here.app.state.db, parse(harbour(id="quay")))
    link = next(person["link"] for person in made["people"] if person["name"] == "Mira").rpartition("#")[2]
    stranger = house.browser(link)
    await stranger.enters()
    assert (await stranger.opens("/reports/quay")).status_code == 200
    for path in (PAGE, *(PAGE + file for file in FILES)):
        assert ((await stranger.opens(path)).status_code, path) == (403, path)


async def test_a_branch_that_is_not_there_has_no_report(house: House) -> None:
    mira = await _mira(house)
    assert (await mira.opens("/reports/nowhere")).status_code in (403, 404)


async def test_the_only_branch_opens_by_itself_and_setup_leads_there(house: House) -> None:
    mira = await _mira(house)
    assert str((await mira.opens("/reports")).url).endswith(PAGE)
    assert f'href="{PAGE}"' in (await mira.opens("/setup/harbour")).text


async def test_before_anybody_came_it_says_what_will_show(house: House) -> None:
    mira = await _mira(house)
    assert "Nobody came on these days" in (await mira.opens(PAGE)).text
    assert "still to come" in (await mira.opens(f"{PAGE}?from=2027-01-01&to=2027-01-31")).text


async def test_a_day_is_told_by_hour_service_counter_and_channel(here: Place, house: House) -> None:
    await a_day(here.world)
    page = (await (await _mira(house)).opens(PAGE)).text
    assert "Monday 23 November 2026" in page
    assert rows(page, "counter") == {
        "1": ["3", "1", "4 min", "4 min", "100%", "10 min", "10 min", "1", "1", "0", "0", "33%", "4.0"],
        "2": ["1", "0", "5 min", "5 min", "100%", "9 min", "9 min", "0", "0", "0", "1", "100%", "–"],
    }
    assert list(rows(page, "service")) == ["A New passport"]
    assert {name: cells[0] for name, cells in rows(page, "hour").items()} == {"13:00": "5"}
    assert {name: cells[0] for name, cells in rows(page, "channel").items()} == {"Phone": "5"}
    assert rows(page, "lost")["Left by themselves"] == ["1", "1", "0"]
    assert [cells[-1] for cells in rows(page, "rating").values()] == ["0", "1", "0", "0", "0"]
    assert rows(page, "reason")["Cared"] == ["1", "0"]
    assert not [part for part in ("by-time", "by-heat") if f'id="{part}"' in page]


async def test_a_move_that_was_undone_does_not_count(here: Place, house: House) -> None:
    await here.world.ken.takes("1")
    await here.world.ada.joins()
    await here.world.ken.calls_next()
    await here.world.ken.does(serving.miss, here.world.ada.ticket)
    mira, missed = await _mira(house), 8
    assert rows((await mira.opens(PAGE)).text, "counter")["1"][missed] == "1"
    await here.world.ken.undoes(here.world.ada.ticket)
    assert rows((await mira.opens(PAGE)).text, "counter")["1"][missed] == "0"


async def test_a_week_has_a_row_for_each_of_its_days(here: Place, house: House) -> None:
    await a_day(here.world)
    page = (await (await _mira(house)).opens(f"{PAGE}?from=2026-11-23&to=2026-11-29")).text
    assert [cells[0] for cells in rows(page, "time").values()] == ["5", *["0"] * 6]
    assert next(iter(rows(page, "time"))) == "Mon 23 Nov"
    assert rows(page, "heat") == {day: ["5" if day == "Monday" else ""] for day in WEEKDAYS}


async def test_three_years_are_told_by_month(here: Place, house: House) -> None:
    await a_day(here.world)
    page = (await (await _mira(house)).opens(f"{PAGE}?from=2024-01-01&to=2026-12-31")).text
    months = rows(page, "time")
    assert (len(months), months["November 2026"][0]) == (36, "5")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?from=soon&to=2026-11-23", "A day is needed here"),
        ("?from=2026-11-23&to=2026-13-01", "A day is needed here"),
        ("?from=0001-01-01&to=2026-11-23", "A day is needed here"),
        ("?from=9999-12-01&to=9999-12-31", "A day is needed here"),
        ("?from=2026-11-24&to=2026-11-23", "lies before the first one"),
        ("?from=2022-01-01&to=2026-11-23", "At most three years"),
    ],
)
async def test_a_range_that_makes_no_sense_comes_back_with_what_to_look_at(house: House, query: str, said: str) -> None:
    mira = await _mira(house)
    answer = await mira.opens(PAGE + query)
    assert (answer.status_code, said in answer.text, 'aria-invalid="true"' in answer.text) == (422, True, True)
    for file in FILES:
        assert (await mira.opens(PAGE + file + query)).status_code == 422


async def test_a_report_speaks_french(here: Place, house: House) -> None:
    await a_day(here.world)
    mira = await _mira(house)
    mira.http.cookies.set("language", "fr")
    page = (await mira.opens(PAGE)).text
    assert "lundi 23 novembre 2026" in page
    assert "Par heure d’arrivée" in page


async def test_the_table_taken_along_says_the_same_in_numbers(here: Place, house: House) -> None:
    await a_day(here.world)
    answer = await (await _mira(house)).opens(f"{PAGE}/report.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="harbour-2026-11-23-2026-11-23.csv"'
    heads, *lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {len(line) for line in lines} == {len(heads)}
    told = {(line[0], line[1]): dict(zip(heads, line, strict=True)) for line in lines}
    counter = told["By counter", "1"]
    assert (counter["People"], counter["Wait, half"], counter["Within target"]) == ("3", "4.0", "1.0")
    assert told["By day", "2026-11-23"]["People"] == "5"
    assert told["Outcomes", "New passport: Resolved"]["People"] == "1"
    assert told["When people come", "Monday 13:00"]["People"] == "5"


async def test_the_workbook_has_a_sheet_for_each_part(here: Place, house: House) -> None:
    await a_day(here.world)
    answer = await (await _mira(house)).opens(f"{PAGE}/report.xlsx")
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names[:4] == ["Altogether", "By day", "By hour of arrival", "By service"]
    assert '<c r="B2"><v>5</v></c>' in book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
async def test_no_name_becomes_a_formula(here: Place, house: House, name: str) -> None:
    await a_day(here.world)
    await _renamed(here.world, name)
    mira = await _mira(house)
    text = (await mira.opens(f"{PAGE}/report.csv")).content.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert f"'{name}" in cells
    book = zipfile.ZipFile(io.BytesIO((await mira.opens(f"{PAGE}/report.xlsx")).content))
    assert not [part for part in book.namelist() if b"<f>" in book.read(part)]


async def test_promises_are_judged_as_on_the_page_of_told_waits(here: Place, house: House) -> None:
    await a_day(here.world)
    told = await here.world.ask(reports.report, "harbour", TODAY, TODAY)
    since = here.clock() - timedelta(days=1)
    joining_only = [one.tally for one in await here.world.ask(lambda s: list(honesty.told(s, "harbour", since)))]
    assert (told.whole.judged, told.whole.kept) == (
        sum(t.judged for t in joining_only),
        sum(t.kept for t in joining_only),
    )
    assert told.whole.judged == 5  # with the one who left when "at most" had run out


def test_the_ranges_before_and_after_are_as_long() -> None:
    week = Period(date(2026, 11, 23), date(2026, 11, 29))
    assert week.before == Period(date(2026, 11, 16), date(2026, 11, 22))
    assert week.after == Period(date(2026, 11, 30), date(2026, 12, 6))
    november = Period(date(2026, 11, 1), date(2026, 11, 30))
    assert november.before == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert november.after.after == Period(date(2027, 1, 1), date(2027, 1, 31))


async def test_an_empty_report_leads_to_another_one(house: House) -> None:
    mira = await _mira(house)
    for query, way in (("", "from=2026-10-01"), ("?from=2026-10-01&to=2026-10-31", "from=2026-01-01")):
        page = (await mira.opens(PAGE + query)).text
        ways = page[page.index('class="ways"') :]
        assert way in ways[: ways.index("</p>")]


async def test_a_visit_that_nobody_was_asked_about_has_no_share(house: House) -> None:
    await house.world.queue("Ada")
    page = (await (await _mira(house)).opens(PAGE)).text
    assert "Nobody was asked" in page
    assert "– of visits" not in page


@pytest.mark.parametrize(("columns", "width"), [(1, 292), (3, 292), (5, 452), (7, 600), (24, 600)])
def test_a_phone_shows_a_few_columns_whole(columns: int, width: int) -> None:
    chart = charts.people([(str(n), 3) for n in range(columns)])
    assert chart.width == width
    assert all(chart.left < mark.x - mark.width / 2 < mark.x + mark.width / 2 < chart.right for mark in chart.marks)


def test_a_chart_keeps_its_marks_within_the_picture() -> None:
    columns = [("A", Spread(3, 60_000, 45 * 60_000), 15), ("B", Spread(), 15), ("C", Spread(1, 0, 0), 200)]
    chart = charts.lengths(columns)
    assert chart is not None
    heights = [h for mark in chart.marks for h in (mark.half, mark.most, mark.target) if h is not None]
    assert all(0 < height <= chart.foot for height in heights)
    assert [mark.over for mark in chart.marks] == [True, False, False]
    assert charts.lengths([("A", Spread(), None)]) is None
    assert charts.people([("A", 0)]).marks[0].most == chart.foot


async def _mira(house: House) -> Browser:
    await house.mira.enters()
    return house.mira


async def _renamed(world: World, name: str) -> None:
    """The service, past the setup page, which would have its own word about it."""

    def rename(session: Session, branch: Branch, now: datetime) -> dict[str, Any]:
        session.get_one(Service, (branch.id, "new-passport")).name = {"*": name}
        return {}

    await world.db.act("harbour", None, rename)
