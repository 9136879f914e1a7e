"""A manager sees what other rules would change, and what that would do at once, before any of it is saved."""

import re
from typing import Any
from urllib.parse import urlencode

from server.actions import joining
from server.chance import new_token
from tests.screens.conftest import Browser, House
from tests.screens.phones import Place
from tests.screens.test_rules_pages import SPEECH

PAGE = "/setup/harbour/rules"
AS_IT_IS = {
    "remote_joining": "refuse", "arrive_by": "60", "open_tickets_per_visitor": "1", "full_at": "0",
    "away_limit": "30", "postponements": "2", "return_behind": "3", "return_grace": "30", "recall_gap": "15",
    "recall_limit": "3", "miss_after": "0", "undo_seconds": "60", "rating_days": "7",
}  # fmt: skip


async def mira_of(house: House) -> Browser:
    await house.mira.enters()
    return house.mira


async def sees(mira: Browser, part: str = "numbers", **fields: Any) -> str:
    """The part of the page that tells what would change."""
    answer = await mira.opens(f"{PAGE}?{urlencode({**fields, 'preview': part}, doseq=True)}")
    assert answer.status_code == 200, answer.text
    found = re.search(r'<section[^>]* id="preview".*?</section>', answer.text, re.DOTALL)
    assert found
    return found[0]


def told(preview: str) -> list[str]:
    """Each changed rule as it is read: "Full at: before: 0 now: 12"."""
    lines = re.findall(r"<div><dt>(.*?)</dt>(.*?)</div>", preview, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", f"{name}: {values}").split()) for name, values in lines]


async def test_each_changed_rule_is_told_with_what_it_was_and_would_be(house: House) -> None:
    mira = await mira_of(house)
    preview = await sees(mira, **(AS_IT_IS | {"remote_joining": "expected", "recall_gap": "20"}))
    assert sorted(told(preview)) == [
        "Between two calls (seconds): before: 15 now: 20",
        "Joining from afar: before: At the door only now: From afar too",
    ]
    assert "2 rules would change" in preview
    assert "No number would end and nobody would be turned away." in preview


async def test_what_it_would_do_to_who_is_here_is_counted(here: Place, house: House) -> None:
    mira = await mira_of(house)
    ada, _ = await here.world.queue("Ada", "Bo")
    await ada.does(joining.step_away)
    here.world.clock.forward(minutes=20)
    preview = await sees(mira, **(AS_IT_IS | {"away_limit": "10", "full_at": "2"}))
    assert "One person who stepped away would lose their place." in preview
    assert "The branch would be full with the 2 people in it" in preview


async def test_looking_saves_nothing_and_the_form_keeps_what_was_typed(house: House) -> None:
    mira = await mira_of(house)
    page = (await mira.opens(f"{PAGE}?{urlencode(AS_IT_IS | {'away_limit': '10', 'preview': 'numbers'})}")).text
    assert 'name="away_limit" value="10"' in page.partition('id="numbers"')[2]
    assert 'name="away_limit" value="30"' in (await mira.opens(PAGE)).text


async def test_its_button_saves_what_was_shown(house: House) -> None:
    mira = await mira_of(house)
    preview = await sees(mira, **(AS_IT_IS | {"away_limit": "10"}))
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', preview))
    where = re.search(r'action="([^"]+)"', preview)
    assert where
    assert (await mira.sends(where[1], **fields)).status_code == 200
    assert 'name="away_limit" value="10"' in (await mira.opens(PAGE)).text


async def test_where_nothing_differs_there_is_nothing_to_save(house: House) -> None:
    preview = await sees(await mira_of(house), **AS_IT_IS)
    assert ("Nothing would change" in preview, "Save" in preview) == (True, False)


async def test_languages_and_clock_are_looked_at_too(house: House) -> None:
    mira = await mira_of(house)
    preview = await sees(mira, "speech", **SPEECH)
    assert sorted(told(preview)) == [
        "Languages: before: English · Français now: Français",
        "The day begins at: before: 00:00 now: 04:00",
        "Time zone: before: Africa/Lagos now: Europe/Paris",
    ]


async def test_words_that_would_be_gone_for_good_are_counted_first(here: Place, house: House) -> None:
    await here.world.ada.joins(name="Ada")
    await here.world.ada.does(joining.leave)
    here.world.clock.forward(days=3)
    mira = await mira_of(house)
    preview = await sees(mira, "kept", retention_days="2")
    assert "What was told with one number would be gone for good" in preview


async def test_a_rule_out_of_its_limits_is_said_beside_its_field(house: House) -> None:
    mira = await mira_of(house)
    answer = await mira.opens(f"{PAGE}?{urlencode(AS_IT_IS | {'recall_gap': '601', 'preview': 'numbers'})}")
    assert (answer.status_code, 'id="preview"' in answer.text) == (422, False)
    assert "One field needs another look." in answer.text


async def test_a_made_up_preview_is_the_page_as_it_is(house: House) -> None:
    answer = await (await mira_of(house)).opens(f"{PAGE}?preview=everything&key={new_token()}")
    assert (answer.status_code, 'id="preview"' in answer.text) == (200, False)
