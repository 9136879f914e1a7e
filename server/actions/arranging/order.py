"""The order that people see: one thing of it moves one place up or down."""

from collections.abc import Sequence
from typing import Protocol

from server.domain.errors import NotFound


class Placed(Protocol):
    id: str
    position: int


def step(shown: Sequence[Placed], id: str, *, up: bool) -> tuple[list[str], list[str]]:
    """Their ids before and after; the same where it stands at that end already. NotFound when it is not among them."""
    before = [each.id for each in shown]
    if id not in before:
        raise NotFound
    at = before.index(id)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(before):
        return before, before
    after = [*before]
    after[at], after[to] = after[to], after[at]
    for each in shown:
        each.position = after.index(each.id)
    return before, after
