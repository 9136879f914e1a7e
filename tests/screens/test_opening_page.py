"""The page of opening day: practice is cleared by writing the branch's name, until it is open for real."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import copy_of
from tests.screens.office import Browser, office_of
from tests.world import harbour


@pytest.fixture
async def mira(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Browser]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as office:
        yield await office.signed_in("Mira")


async def test_another_name_clears_nothing_and_says_so(mira: Browser) -> None:
    refused = await mira.sends("/opening/clearing", name="Harbor")
    assert (refused.status_code, "This is not the name of the branch." in refused.text) == (422, True)
    assert 'value="Harbor"' in refused.text
    cleared = await mira.sends("/opening/clearing", name="Harbour Branch")
    assert cleared.headers["location"] == "/setup/harbour/opening?done=cleared"


async def test_once_it_is_open_for_real_clearing_is_not_offered_and_refused(mira: Browser) -> None:
    assert "Clear the practice" in (await mira.page("/opening")).text
    await mira.sends("/opening")
    page = (await mira.page("/opening")).text
    assert "Open for real since today at 13:00" in page
    assert "Clear the practice" not in page
    refused = await mira.sends("/opening/clearing", name="Harbour Branch")
    assert (refused.status_code, "The branch is open for real" in refused.text) == (409, True)
    await mira.sends("/opening/end")
    assert "Clear the practice" in (await mira.page("/opening")).text
