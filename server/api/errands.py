"""One request that changes something: with its Idempotency-Key it happens once, however often it is sent."""

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from server.access import Staff
from server.api import answers
from server.api.askers import Asker
from server.api.told import Body
from server.domain.errors import Invalid
from server.web.kit import Kit, key_of, kit_of

KEY_LENGTH = 200  # characters; longer ones are a mistake
RANDOM_KEY = 22  # characters: 128 random bits in base64

Action = Callable[..., Any]
"""An action of server.actions, complete but for `by` and `ticket_id`."""


class Errand:
    """What somebody asks to be done, and with which key."""

    def __init__(self, request: Request, kit: Kit, key: str | None, body: str) -> None:
        self.request, self.kit = request, kit
        self._key, self._body = key, body

    async def act(self, asker: Asker, action: Action) -> Any:
        """An action at a counter; staff must still have their role when it happens."""
        return await self.send(asker.branch_id, asker.scope, partial(action, by=asker.actor), asker.staff)

    async def move(self, asker: Asker, action: Action, ticket_id: str, *, queued: bool = False) -> Body:
        """A move of a ticket; `queued`: it may stand in a queue afterwards, so its wait is asked for beforehand."""
        view = await self.kit.board(asker.branch_id) if queued else None
        moved: Body = await self.act(
            asker, partial(answers.after, action=partial(action, ticket_id=ticket_id), view=view)
        )
        return moved

    async def send(self, branch_id: str, scope: str, action: Action, who: Staff | None = None) -> Any:
        return await self.kit.act(branch_id, key_of(self.request, scope, self._key, self._body), action, who=who)

    def key_must_be_random(self) -> None:
        """Nobody stands behind this key but itself: it must not be guessed."""
        if self._key is not None and len(self._key) < RANDOM_KEY:
            raise _bad_key()


async def errand(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body again: the first answer again. Kept for 24 hours.")
    ] = None,
) -> Errand:
    """Any POST, PUT, PATCH or DELETE."""
    if idempotency_key is not None and not (0 < len(idempotency_key) <= KEY_LENGTH):
        raise _bad_key()
    return Errand(request, kit_of(request), idempotency_key, _canonical(await request.body()))


def _canonical(body: bytes) -> str:
    """The same for the same JSON, whatever its spaces and the order of its names."""
    try:
        return json.dumps(json.loads(body), sort_keys=True) if body else ""
    except ValueError:  # not JSON: the shapes refuse it
        return body.hex()


def _bad_key() -> Invalid:
    return Invalid("invalid-input", {"Idempotency-Key": "idempotency-key"})


AnErrand = Annotated[Errand, Depends(errand)]
