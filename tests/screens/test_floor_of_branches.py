"""A manager of several branches sees them in one view, the one that needs them first."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.domain.branch import Branch
from server.domain.people import Grant
from tests.screens.conftest import House
from tests.screens.test_counter import words
from tests.world import branch_of_its_own


async def test_all_branches_stand_in_one_view_the_needy_first(house: House) -> None:
    pier = await branch_of_its_own(house.world.db, house.clock, "pier")
    await house.world.db.act("pier", None, partial(rename, name="Pier Branch"))
    await house.world.db.act(None, None, partial(grant, staff_id=house.world.mira.id))
    await house.mira.enters()
    page = await house.mira.opens("/floor")
    assert page.url.path == "/floor"
    assert words(page).index("Harbour Branch") < words(page).index("Pier Branch")
    await pier.queue("Ada", "Bo")
    page = await house.mira.opens("/floor")
    assert words(page).index("Pier Branch") < words(page).index("Harbour Branch")
    assert "Pier Branch 1 thing needs you Waiting 2 Longest wait 0 min" in words(page)
    part = await house.mira.http.get("/floor", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith("<ul")
    assert "Pier Branch" in words(part)


def rename(session: Session, branch: Branch, now: datetime, *, name: str) -> dict[str, Any]:
    branch.name, branch.arranged = name, branch.version
    return {}


def grant(session: Session, branch: Branch | None, now: datetime, *, staff_id: str) -> dict[str, Any]:
    """Pier Branch is hers too."""
    session.merge(Grant(staff_id=staff_id, branch_id="pier", role="manager"))
    return {}
