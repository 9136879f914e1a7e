"""A manager reads a report: a day for it to tell of, and its tables as a person sees them."""

import re

from server.actions import joining, serving
from server.domain.forecast import Promise
from tests.world import Customer, World


async def a_day(world: World) -> None:
    """At counter 1: one is served and rates it, one is served for ten minutes and sent on, one is missed, one leaves
    when called; a fifth had left before. All waited four or five minutes."""
    await world.ken.takes("1")
    people = [world.customer("Guest") for _ in range(5)]
    for guest, promised in zip(people, ((2, 9), (2, 9), (1, 1), (1, 1), (1, 1)), strict=True):
        await guest.joins(promised=Promise(*promised))
    world.clock.forward(minutes=4)
    await people[4].does(joining.leave)
    rated, sent_on, missed, gone = people[:4]
    await _called(world, missed)
    await world.ken.does(serving.miss, missed.ticket)
    await _called(world, gone)
    await gone.does(joining.leave)
    await _called(world, rated)
    await world.ken.does(serving.start, rated.ticket)
    world.clock.forward(minutes=1)
    await world.lola.takes("2")
    await world.lola.does(serving.call, sent_on.ticket, counter_id=world.lola.counter, reason="asked for")
    await world.lola.does(serving.start, sent_on.ticket)
    world.clock.forward(minutes=9)
    await world.ken.does(serving.finish, rated.ticket, outcome="resolved")
    await world.lola.does(serving.transfer, sent_on.ticket, service="renewals")
    await world.ken.calls_next()
    await rated.rates(4, good=("care",))


async def _called(world: World, guest: Customer) -> None:
    await world.ken.does(serving.call, guest.ticket, counter_id=world.ken.counter, reason="asked for")


def rows(page: str, part: str) -> dict[str, list[str]]:
    """Name → its cells, of one table."""
    table = re.search(rf'id="by-{part}">.*?</table>', page, re.DOTALL)
    assert table, part
    found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table[0], re.DOTALL)
    return {
        text(name): [text(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)]
        for name, cells in found
    }


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\N{NO-BREAK SPACE}", " ").split())
