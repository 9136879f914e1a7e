"""What branches learned, as the tests of its copies make it, keep it, spoil it and look at it."""

from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.actions import keeping
from server.domain.learned import Copy, Learned
from server.domain.moves import TicketEvent
from server.jobs import keep_learned
from server.live.board import Boards
from server.live.learning import Learner
from server.queries import learning
from tests.live.random_life import Life
from tests.world import World

SOME = 50  # things that happen


async def lived(world: World, running: Boards, seed: int, times: int = SOME) -> Life:
    """Much behind it, long enough ago to teach."""
    life = Life(world, seed, running)
    await life.begins()
    await life.goes_on(times)
    await settles(world, running)
    return life


async def settles(world: World, boards: Boards) -> None:
    """Nothing can be taken back any more, and it has been looked at."""
    world.clock.forward(minutes=6)
    await boards.refresh(world.branch)


async def kept(world: World, boards: Boards) -> None:
    await keep_learned(world.db, boards)
    assert await count(world) == 1


async def knows(world: World, boards: Boards) -> tuple[Any, Any]:
    """Everybody's wait before it is calmed and rounded, and all that it was made from, at this moment."""
    view = await boards.refresh(world.branch)
    assert view.forecast is not None
    return view.forecast.ranges(), (await learner_of(world, boards)).forecaster.kept()


async def at_first_look(world: World) -> tuple[Any, Any]:
    return await knows(world, Boards(world.db.ask, world.db.now))


async def anew(world: World) -> tuple[Any, Any]:
    """What a first look says that has no copy to go on from; the copy stays where it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "copy_of", lambda *_: None)
        return await at_first_look(world)


async def learner_of(world: World, boards: Boards) -> Learner:
    (found,) = [learner for learner in boards.learners() if learner._branch_id == world.branch]
    return found


async def copied(world: World) -> Copy:
    """As another process would keep it now."""
    boards = Boards(world.db.ask, world.db.now)
    await boards.refresh(world.branch)
    copy = (await learner_of(world, boards)).copy
    assert copy is not None
    return copy


async def keeps(world: World, copy: Copy) -> bool:
    def keep(session: Session, branch: None, now: Any) -> Any:
        return keeping.keep(session, branch, now, copy=copy)

    return bool(await world.db.act(None, None, keep))


async def spoils(world: World, **columns: Any) -> None:
    was = await row(world)
    values = {name: value(getattr(was, name)) if callable(value) else value for name, value in columns.items()}
    await world.db.act(None, None, lambda session, *_: session.execute(update(Learned).values(values)) and {})


async def row(world: World) -> Learned:
    found: Learned = await world.ask(lambda session: session.get_one(Learned, world.branch))
    return found


async def count(world: World) -> int:
    return int(await world.ask(lambda session: session.scalar(select(func.count()).select_from(Learned))))


async def diary_of(world: World) -> set[str]:
    """Every kind of move that stands in it."""
    return set(await world.ask(lambda session: list(session.scalars(select(TicketEvent.move).distinct()))))
