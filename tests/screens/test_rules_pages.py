"""The pages of rules and priority classes: what a manager sets, what is refused, and how that is said."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import copy_of
from tests.screens.office import Browser, office_of
from tests.world import harbour

RULES = {
    "remote_joining": "expected", "arrive_by": "45", "open_tickets_per_visitor": "2", "full_at": "100000",
    "away_limit": "20", "postponements": "1", "return_behind": "5", "return_grace": "15", "recall_gap": "20",
    "recall_limit": "2", "miss_after": "3", "undo_seconds": "30", "rating_days": "14",
}  # fmt: skip
SPEECH = {"languages": "fr", "first": "fr", "time_zone": "Europe/Paris", "day_starts_at": "04:00"}


@pytest.fixture
async def mira(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Browser]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as office:
        yield await office.signed_in("Mira")


async def test_every_rule_of_a_branch_file_can_be_set(mira: Browser) -> None:
    assert (await mira.sends("/rules", **RULES)).status_code == 303
    page = (await mira.page("/rules")).text
    assert {name: value for name, value in RULES.items() if name != "remote_joining"} == {
        name: value
        for name, value in re.findall(r'name="(\w+)" value="(\w+)"', page)
        if name in RULES and value != "refuse" and value != "expected"
    }
    assert 'value="expected" checked' in page


async def test_a_rule_out_of_its_limits_comes_back_as_it_was_typed(mira: Browser) -> None:
    sent = await mira.sends("/rules", **(RULES | {"recall_gap": "601", "away_limit": "soon"}))
    assert (sent.status_code, "2 fields need another look." in sent.text) == (422, True)
    assert 'value="601"' in sent.text
    assert 'value="soon"' in sent.text
    assert "So that people can get up. 0 to 600." in sent.text


async def test_the_page_says_what_is_kept_until_when(mira: Browser) -> None:
    assert "30 days after the visit" in (await mira.page("/rules")).text
    assert (await mira.sends("/rules/retention", retention_days="1")).status_code == 303
    assert "1 day after the visit" in (await mira.page("/rules")).text
    assert (await mira.sends("/rules/retention", retention_days="0")).status_code == 422


async def test_languages_and_clock_are_set_together(mira: Browser) -> None:
    assert (await mira.sends("/rules/languages", **SPEECH)).status_code == 303
    page = (await mira.page("/branch")).text
    assert "Europe/Paris" in page
    assert "Français" in page
    wrong = await mira.sends("/rules/languages", first="en", time_zone="Moon", day_starts_at="25:00")
    assert wrong.status_code == 422
    for said in ("Choose one language at least.", "Choose a zone from the list", "A time of day, such as 04:00."):
        assert said in wrong.text


async def test_the_first_language_is_the_chosen_one(mira: Browser) -> None:
    await mira.sends(
        "/rules/languages", languages=["en", "fr"], first="fr", time_zone="Africa/Lagos", day_starts_at="00:00"
    )
    assert "Français · English" in (await mira.page("/branch")).text


async def test_a_class_is_added_changed_and_archived(mira: Browser) -> None:
    assert (await mira.sends("/priorities", name_en="With a baby", head_start="20", confirm="yes")).status_code == 303
    page = (await mira.page("/priorities")).text
    assert ("With a baby" in page, "20\N{NO-BREAK SPACE}min" in page or "20 min" in page) == (True, True)
    refused = await mira.sends("/priorities", name_en="", head_start="1441", confirm="no")
    assert (refused.status_code, "2 fields need another look." in refused.text) == (422, True)
    await mira.sends("/priorities/with-a-baby/archive")
    assert "1 archived class" in (await mira.page("/priorities")).text
