"""Who asks, and from which counter: what every route of the console starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict

from server import words
from server.domain.errors import NotFound
from server.domain.people import Actor
from server.web import pages
from server.web.kit import Kit, key_of, kit
from server.web.who import Staff, signed_in


class Press(BaseModel):
    """What every form of the console sends: its Idempotency-Key, made of counter, move and version shown."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    key: str = ""


@dataclass(frozen=True, slots=True)
class Stand:
    """A member of staff at one counter's page."""

    request: Request
    kit: Kit
    staff: Staff
    branch_id: str
    counter_id: str

    @property
    def actor(self) -> Actor:
        return self.staff.actor

    @property
    def language(self) -> str:
        return language_of(self.request, self.staff)

    async def act(self, press: Press, fn: Callable[..., Any]) -> Any:
        """One action, once per key, while this person may still work in the branch."""
        key = key_of(self.request, f"staff:{self.staff.id}", press.key, press.model_dump_json())
        return await self.kit.act(self.branch_id, key, fn, who=self.staff)

    async def ticket(self, named: str) -> str:
        """The ticket a form names, else who is current here; NotFound when nobody is."""
        if named:
            return named
        counter = (await self.kit.board(self.branch_id)).counter(self.counter_id)
        if counter is None or counter.current is None:
            raise NotFound
        return counter.current

    def now(self) -> datetime:
        return self.kit.now()


async def stand(request: Request, counter_id: str, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Stand:
    """The dependency: NotFound for no such counter, Forbidden for who does not work in its branch."""
    branch_id = await kit.branch_of_counter(counter_id)
    staff.must("agent", branch_id)
    return Stand(request, kit, staff, branch_id, counter_id)


def language_of(request: Request, staff: Staff) -> str:
    """As the console's socket chooses: the person's own, else the browser's."""
    return staff.language or pages.choose_language(request, words.LANGUAGES)
