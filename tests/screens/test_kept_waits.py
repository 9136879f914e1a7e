"""Beside the wait on a phone: how often it came true, once there is enough to say."""

from tests.screens.phones import Phone, Place
from tests.told_waits import told

KEPT = "“At most” was kept 9 of 10 times this month."
TENU = "«\N{NO-BREAK SPACE}Au plus\N{NO-BREAK SPACE}» a été tenu 9 fois sur 10 ce mois-ci."


async def test_from_a_hundred_on_a_phone_says_how_often_the_wait_was_kept(here: Place) -> None:
    ada = await _counted(here, kept=98, broken=2)
    address = ada.path
    assert "At most</dt>" in ada.page
    assert KEPT in ada.page
    await ada.sends("/language", language="fr", back=address)
    await ada.opens(address)
    assert TENU in ada.page


async def test_below_a_hundred_it_says_nothing(here: Place) -> None:
    ada = await _counted(here, kept=99)
    assert "At most</dt>" in ada.page
    assert "this month" not in ada.page


async def test_where_no_wait_is_shown_none_is_boasted_of(here: Place) -> None:
    ada = await _counted(here, kept=100, service="renewals", counters=False)
    assert "this month" not in ada.page


async def _counted(
    here: Place, kept: int, broken: int = 0, service: str = "new-passport", counters: bool = True
) -> Phone:
    """Ada's phone, after so many waits were judged."""
    if counters:
        await here.ken.takes("1")
    await told(here.world, kept, broken)
    if not counters:
        await here.world.lola.takes("2", services=["new-passport"])
    await here.app.state.kit.honesty.count_one("harbour")
    ada, _ = await here.joined(service)
    return ada
