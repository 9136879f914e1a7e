"""A wait that became longer: the phone says why, and the JSON face too; while it does not, nothing is said."""

from datetime import timedelta

import pytest

from server.actions import duties
from tests.screens.phones import Phone, Place
from tests.world import Agent

REASONS = {
    "closed": ("Longer than we said: a counter closed.", "Plus long que prévu\N{NO-BREAK SPACE}: un guichet a fermé."),
    "break": (
        "Longer than we said: a counter is on a break.",
        "Plus long que prévu\N{NO-BREAK SPACE}: un guichet est en pause.",
    ),
}
BEFORE_HER = 4  # people


@pytest.mark.parametrize("reason", REASONS)
async def test_the_phone_says_why_a_wait_became_longer(here: Place, reason: str) -> None:
    ada = await _waiting(here)
    address = ada.path
    assert "Longer than we said" not in ada.page
    await _goes(here, here.world.lola, reason)
    english, french = REASONS[reason]
    assert english in await ada.opens(address)
    assert f'data-why="{reason}"' in ada.page
    await ada.sends("/language", language="fr", back=address)
    assert french in await ada.opens(address)


async def test_five_minutes_later_it_is_no_news(here: Place) -> None:
    ada = await _waiting(here)
    await _goes(here, here.world.lola, "closed")
    await ada.opens(ada.path)
    here.clock.forward(minutes=6)
    assert "Longer than we said" not in await ada.opens(ada.path)


async def _waiting(here: Place) -> Phone:
    """Ada, behind some others, with two counters open."""
    await here.ken.takes("1")
    await here.world.lola.takes("2")
    await here.world.queue(*(f"Guest {n}" for n in range(BEFORE_HER)))
    for agent in (here.ken, here.world.lola):
        await agent.calls_next()
    await here.world.queue("Guest 8", "Guest 9")
    ada, _ = await here.joined("new-passport")
    return ada


async def _goes(here: Place, lola: Agent, reason: str) -> None:
    (theirs,) = (ticket for ticket in (await here.world.view()).tickets if ticket.agent == lola.id)
    await lola.serves(theirs.id)
    here.clock.forward(seconds=11)  # a page is drawn from a board of ten seconds at the most
    if reason == "closed":
        await here.world.act(duties.end, by=lola.actor, counter_id=lola.counter)
    else:
        back_at = here.clock() + timedelta(minutes=50)
        await here.world.act(
            duties.change_break, by=lola.actor, counter_id=lola.counter, on_break=True, back_at=back_at
        )
