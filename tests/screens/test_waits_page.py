"""A manager's page of told waits: what was kept, by what, and one click for a duration that misleads."""

import re

from server.chance import new_token
from tests.screens.conftest import Browser, House
from tests.screens.phones import Place
from tests.told_waits import served, told

PAGE = "/setup/harbour/waits"


async def test_before_anything_was_judged_it_says_what_will_show(house: House) -> None:
    mira = await _mira(house)
    assert "Nothing to compare yet" in (await mira.opens(PAGE)).text
    assert PAGE in (await mira.opens("/setup/harbour")).text
    assert PAGE in (await mira.opens("/setup/harbour/services")).text


async def test_it_shows_rate_and_error_by_service_hour_and_length(here: Place, house: House) -> None:
    await told(here.world, kept=97, broken=4)
    await here.app.state.kit.honesty.count_one("harbour")
    page = (await (await _mira(house)).opens(PAGE)).text
    assert "“At most” was kept in 96% of 101 waits" in page
    assert "kept 9 of 10 times this month" in page
    expected = ["101", "96%", "0%", "1 min"]
    assert _rows(page, "told") == {"While waiting": expected}
    assert _rows(page, "service") == {"New passport": expected}
    assert _rows(page, "hour") == {"13:00": expected}
    assert _rows(page, "length") == {"below 5 min": expected}


async def test_below_a_hundred_the_manager_sees_what_customers_do_not(here: Place, house: House) -> None:
    await told(here.world, kept=3)
    await here.app.state.kit.honesty.count_one("harbour")
    page = (await (await _mira(house)).opens(PAGE)).text
    assert "kept in 100% of 3 waits" in page
    assert "Customers see this once 100 waits were judged." in page


async def test_a_duration_that_misleads_is_corrected_with_one_click(here: Place, house: House) -> None:
    await served(here.world, 30, minutes=3)
    mira = await _mira(house)
    page = (await mira.opens(PAGE)).text
    assert "A visit is set to take 8 min; lately half of them took up to 3 min." in page
    assert "Set it to 3 min" in page
    answer = await mira.sends(f"{PAGE}/renewals", key=new_token(), minutes="3")
    assert (answer.status_code, "Saved." in answer.text, "Set it to" in answer.text) == (200, True, False)
    again = await mira.sends(f"{PAGE}/renewals", key=new_token(), minutes="3")
    assert again.status_code == 200


async def test_a_duration_that_is_near_enough_is_left_alone(here: Place, house: House) -> None:
    """Positive control: the same visits, a little shorter than set."""
    await served(here.world, 30, minutes=6)
    assert "Set it to" not in (await (await _mira(house)).opens(PAGE)).text


async def test_an_agent_corrects_nothing(house: House) -> None:
    await house.ken.enters()
    assert (await house.ken.opens(PAGE)).status_code == 403
    assert (await house.ken.sends(f"{PAGE}/renewals", key=new_token(), minutes="3")).status_code == 403


async def test_a_service_that_is_not_there_is_not_corrected(house: House) -> None:
    mira = await _mira(house)
    assert (await mira.sends(f"{PAGE}/nothing", key=new_token(), minutes="3")).status_code == 404
    assert (await mira.sends(f"{PAGE}/renewals", key=new_token(), minutes="soon")).status_code == 422


async def test_it_says_what_one_more_counter_would_change(here: Place, house: House) -> None:
    await here.world.ken.takes("1")
    await here.world.queue(*(f"Guest {n}" for n in range(3)))
    page = (await (await _mira(house)).opens(PAGE)).text
    found = re.search(r"who joins now waits (\d+)–\d+ min\.\s+With counter \w+ open: about (\d+)\smin", page)
    assert found is not None
    now, then = map(int, found.groups())
    assert then < now
    assert "Renewals</b>:" not in page  # nobody waits for them


async def test_where_nobody_waits_no_counter_is_missed(house: House) -> None:
    assert "With one more counter" not in (await (await _mira(house)).opens(PAGE)).text


async def _mira(house: House) -> Browser:
    await house.mira.enters()
    return house.mira


def _rows(page: str, part: str) -> dict[str, list[str]]:
    """Name → its cells, of one table."""
    table = re.search(rf'id="by-{part}">.*?</table>', page, re.DOTALL)
    assert table, part
    found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table[0], re.DOTALL)
    return {
        name: [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells)]
        for name, cells in found
    }
