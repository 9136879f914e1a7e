"""What a manager is shown of data protection: what is kept and how long, and what was emptied on which day."""

from datetime import UTC, datetime
from functools import partial
from html import unescape
from zoneinfo import ZoneInfo

from server.actions import forgetting, letting_in
from server.queries.held import Forgetting
from staff_console.setup.privacy import Day, by_day
from tests.screens.conftest import House
from tests.screens.phones import Place


async def test_a_manager_reads_what_is_kept_and_how_long(house: House) -> None:
    await house.mira.enters()
    page = unescape((await house.mira.opens("/setup/harbour/privacy")).text)
    assert "emptied 30 days after the visit" in page
    assert "Nothing was due yet" in page


async def test_what_was_emptied_and_asked_for_stands_there_by_day(here: Place) -> None:
    house = House(here)
    phone, address = await here.served()
    await phone.sends(f"{address}/erasure")
    await here.served()
    here.clock.forward(days=31)
    opened = partial(letting_in.sign_in, staff_id=here.world.mira.id, session_token="t", session_id="s")
    await here.app.state.db.act(None, None, opened)
    house.mira.http.cookies.set("session", "t")
    await here.app.state.db.act("harbour", None, forgetting.forget)
    page = (await house.mira.opens("/setup/harbour/privacy")).text
    assert page.index("24 December 2026") < page.index("23 November 2026")


def test_a_day_is_the_branchs_own() -> None:
    evening, night = datetime(2026, 11, 23, 22, 30, tzinfo=UTC), datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    line = partial(Forgetting, tickets=2, ratings=1)
    lines = [line(night, asked=True), line(night, asked=False), line(evening, asked=False), line(evening, asked=False)]
    assert by_day(lines, ZoneInfo("Africa/Lagos")) == [
        Day(datetime(2026, 11, 24, tzinfo=UTC).date(), 2, 1, asked=1),
        Day(datetime(2026, 11, 23, tzinfo=UTC).date(), 4, 2, asked=0),
    ]
