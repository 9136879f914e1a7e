"""Who arranges which branch, what they sent, and the page they get: what every route of the setup pages starts from."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.datastructures import UploadFile

from server import words
from server.chance import new_token
from server.domain.errors import Invalid
from server.queries.arranged import Arrangement
from server.queries.arrangement import arrangement
from server.web import pages, qr
from server.web.kit import Kit, key_of, kit
from server.web.who import Staff, signed_in
from staff_console.counter.stand import language_of
from staff_console.setup import telling, wording
from staff_console.setup.forms import Form
from staff_console.setup.readiness import readiness

DONE = frozenset({
    "saved", "outcome-saved", "service-added", "service-paused", "service-resumed", "service-archived",
    "service-restored", "counter-added", "counter-archived", "counter-restored", "person-removed", "sessions-ended",
    "session-ended", "codes-reset", "role-added", "device-revoked", "archived", "restored", "file-brought", "cleared",
    "opened", "practising", "branch-added",
})  # fmt: skip
"""What an address may say was done: slugs of the sentences `setup.done.*`."""

MORE = {"opening": "bell", "rules": "keep", "priorities": "people", "look": "phone", "file": "bring", "trail": "back"}
"""The rooms beside the steps, each with its icon."""


@dataclass(frozen=True, slots=True)
class Room:
    """A manager in one branch's setup."""

    request: Request
    kit: Kit
    staff: Staff
    branch_id: str

    @property
    def language(self) -> str:
        return language_of(self.request, self.staff)

    def address(self, *parts: str) -> str:
        return "/".join(("/setup", self.branch_id, *parts))

    async def arrangement(self) -> Arrangement:
        return await self.kit.ask(lambda session: arrangement(session, self.branch_id, self.kit.now()))

    async def form(self, *fields: str, name: str = "form") -> Form:
        """What was sent. A field that is not among `fields` is refused; "name_*" stands for one per language."""
        form, _ = await read(self.request, fields, name)
        return form

    async def act(self, form: Form, action: Callable[..., Any], **arguments: Any) -> Any:
        """One action, once per key, while this person may still arrange the branch."""
        key = key_of(self.request, f"staff:{self.staff.id}", form.value("key"), _body(form))
        fn = partial(action, by=self.staff.actor, **arguments)
        return await self.kit.act(self.branch_id, key, fn, who=self.staff, role="manager")

    def token(self, form: Form) -> str:
        """A one-time link's token: the same again for a form that is sent again, and stored nowhere."""
        key = form.value("key")
        if not key:
            return new_token()
        return self.kit.presence.sign("one-time-link", f"{self.staff.id}:{key}").rpartition(".")[2]

    def back(self, *parts: str, done: str = "", at: str = "") -> Response:
        """On to a page of this branch's setup, which says what was done; `at`: where on it."""
        said = f"?done={done}" if done else ""
        return RedirectResponse(f"{self.address(*parts)}{said}{at}", 303)

    async def page(self, template: str, room: str, *, status: int = 200, **context: Any) -> Response:
        """A page of the room `room` with the whole arrangement at hand."""
        setup = context.pop("setup", None) or await self.arrangement()
        tz, language, now = setup.branch.time_zone, self.language, self.kit.now()
        done = self.request.query_params.get("done")
        return pages.page(
            self.request, template, status=status, language=language, tz=tz, face="console", now=now, room=room,
            staff=self.staff, branch=setup.branch, services=setup.services, counters=setup.counters,
            people=setup.people, devices=setup.devices, archived_services=setup.archived_services,
            archived_counters=setup.archived_counters, priorities=setup.priorities,
            archived_priorities=setup.archived_priorities, more=MORE,
            steps=readiness(setup), done=done if done in DONE else None, languages=named_languages(setup),
            moment=lambda at: wording.moment(at, now, language, tz), date=lambda iso: wording.day(iso, language),
            others=lambda names: wording.others(names, language),
            connected=lambda device: wording.connected(device, now),
            tell=lambda change: telling.told(change, language, telling.names_in(setup)),
            **context,
        )  # fmt: skip

    async def link_page(self, room: str, kind: str, name: str, path: str, until: str) -> Response:
        """The one page that shows a one-time link. kind: person, kiosk or lobby; `path` ends with `#token`."""
        link = self.kit.base_url(self.request) + path
        picture = Markup(qr.svg(link))  # noqa: S704 - drawn by us from modules; the text itself is not in it
        return await self.page(
            "setup/link.html", room, name=name, kind=kind, link=link, path=path, qr=picture,
            until=datetime.fromisoformat(until), back=self.address(room),
        )  # fmt: skip


async def read(request: Request, fields: Iterable[str], name: str = "form") -> tuple[Form, str]:
    """What was sent, and the same as one text; Invalid when a field is none of these."""
    typed: dict[str, tuple[str, ...]] = {}
    async with request.form() as sent:
        for field, value in sent.multi_items():
            if isinstance(value, UploadFile) or not any(fnmatchcase(field, allowed) for allowed in ("key", *fields)):
                raise Invalid
            typed[field] = (*typed.get(field, ()), value)
    form = Form(typed, name=name)
    return form, _body(form)


def _body(form: Form) -> str:
    return json.dumps({field: values for field, values in form.typed.items() if field != "key"}, sort_keys=True)


async def room(request: Request, branch_id: str, staff: Staff = Depends(signed_in), kit: Kit = Depends(kit)) -> Room:
    """The dependency: Forbidden for who does not manage this branch."""
    staff.must("manager", branch_id)
    return Room(request, kit, staff, branch_id)


def named_languages(setup: Arrangement) -> list[tuple[str, str]]:
    """The branch's languages with their own names: [("en", "English"), ("fr", "Français")]."""
    return [(language, words.language_name(language)) for language in setup.branch.languages]
