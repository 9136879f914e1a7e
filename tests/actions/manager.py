"""Mira the manager at work: what she does, what it leaves behind, and what is said when it is refused."""

from typing import Any

import pytest
from sqlalchemy import select

from server.domain.branch import AuditLine
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement
from server.queries.arrangement import arrangement
from tests.world import World


async def mira_does(world: World, action: Any, **arguments: Any) -> Any:
    return await world.act(action, by=world.mira.actor, **arguments)


async def now_of(world: World) -> Arrangement:
    return await world.db.ask(lambda session: arrangement(session, world.branch, world.clock()))


async def audited(world: World) -> list[tuple[str, str | None]]:
    """What the trail says of Mira's doings, oldest first."""
    mine = select(AuditLine.what, AuditLine.subject).where(AuditLine.actor_id == world.mira.id).order_by(AuditLine.id)
    return [(what, subject) for what, subject in await world.db.ask(lambda session: session.execute(mine).all())]


async def problems(world: World, action: Any, **arguments: Any) -> dict[str, str]:
    """What is said beside each field when the action refuses."""
    with pytest.raises(Invalid) as refused:
        await mira_does(world, action, **arguments)
    return refused.value.fields
