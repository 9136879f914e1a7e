"""Dependencies that say who is asking: staff, holder, device or visitor."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fastapi import Depends
from fastapi.requests import HTTPConnection
from starlette.responses import Response

from server import access
from server.access import Memory, Screen, Staff
from server.chance import hashed, new_id
from server.domain.errors import Forbidden, NotFound, SignInNeeded
from server.domain.people import Actor
from server.web.kit import Kit, is_loopback, kit, origin_of

SESSION = "session"
DEVICE = "device"
VISITOR = "visitor"
VISITOR_DAYS = 30
TICKET_DAYS = 8  # a day longer than the default time for a rating

T = TypeVar("T")
Device = Screen
__all__ = ["Device", "Holder", "Staff", "device", "holder", "signed_in", "staff_or_none", "visitor_of"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a ticket's secret."""

    ticket_id: str
    branch_id: str

    @property
    def actor(self) -> Actor:
        return Actor("customer", self.ticket_id)


async def staff_or_none(request: HTTPConnection, kit: Kit = Depends(kit)) -> Staff | None:
    """By `Authorization: Bearer` or by the session cookie."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        key = credential.strip()
        return await _remembered(
            kit, kit.staff, "key" + hashed(key), lambda: kit.ask(lambda s: access.staff_by_key(s, key))
        )
    if token := request.cookies.get(SESSION):
        found = await _remembered(kit, kit.staff, "session" + hashed(token), partial(_by_session, kit, token))
        if found is not None and found.session_id:
            kit.seen.add(found.session_id)
        return found
    return None


async def _by_session(kit: Kit, token: str) -> Staff | None:
    required = kit.settings.second_step == "required"
    return await kit.ask(lambda session: access.staff_by_session(session, token, kit.now(), all_prove=required))


async def signed_in(staff: Staff | None = Depends(staff_or_none)) -> Staff:
    if staff is None:
        raise SignInNeeded
    return staff


async def holder(request: HTTPConnection, ticket_id: str, kit: Kit = Depends(kit)) -> Holder:
    """By the ticket's cookie or `Authorization: Ticket <secret>`; NotFound for others: an id proves nothing."""
    found = await holder_or_none(request, ticket_id, kit)
    if found is None:
        raise NotFound
    return found


async def holder_or_none(request: HTTPConnection, ticket_id: str, kit: Kit, secret: str | None = None) -> Holder | None:
    """`secret`: given otherwise, as a socket's first message."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    secret = secret or (
        credential.strip() if scheme.lower() == "ticket" else request.cookies.get(ticket_cookie(ticket_id))
    )
    if not secret or not ticket_id.isalnum():
        return None
    try:
        claim = await kit.claim_of_ticket(ticket_id)
    except NotFound:
        return None
    return Holder(ticket_id, claim.branch_id) if kit.presence.holds(secret, ticket_id, claim.generation) else None


async def device_or_none(request: HTTPConnection, kit: Kit) -> Device | None:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    secret = credential.strip() if scheme.lower() == "device" else request.cookies.get(DEVICE)
    if not secret:
        return None
    return await _remembered(
        kit, kit.screens, hashed(secret), lambda: kit.ask(lambda session: access.screen_by_secret(session, secret))
    )


async def device(request: HTTPConnection, kit: Kit = Depends(kit)) -> Device:
    """By the paired screen's cookie or `Authorization: Device <key>`."""
    found = await device_or_none(request, kit)
    if found is None:
        raise Forbidden("device-unknown")
    return found


def visitor_of(request: HTTPConnection, kit: Kit) -> str:
    """The visitor of this browser; a new one when it has none. Give it back with `remember_visitor`."""
    return kit.presence.unsign(VISITOR, request.cookies.get(VISITOR, "")) or new_id()


def remember_visitor(request: HTTPConnection, response: Response, kit: Kit, visitor: str) -> None:
    set_cookie(request, response, VISITOR, kit.presence.sign(VISITOR, visitor), days=VISITOR_DAYS)


def ticket_cookie(ticket_id: str) -> str:
    return f"ticket_{ticket_id}"


def remember_ticket(request: HTTPConnection, response: Response, kit: Kit, ticket_id: str, generation: int) -> None:
    """From now on this browser holds the ticket."""
    set_cookie(
        request, response, ticket_cookie(ticket_id), kit.presence.secret(ticket_id, generation), days=TICKET_DAYS
    )


def set_cookie(request: HTTPConnection, response: Response, name: str, value: str, days: float) -> None:
    """HttpOnly, SameSite=Lax, Secure over https."""
    secure, life = _is_secure(request), int(days * 86400)
    response.set_cookie(name, value, max_age=life, httponly=True, samesite="lax", secure=secure)


def _is_secure(request: HTTPConnection) -> bool:
    """Over https, also where a proxy ends it and TRUSTED_PROXIES does not name that proxy.

    What is asked at PUBLIC_URL's own host has come by its scheme, and so has what a proxy beside us passes on under a
    loopback address; a screen that opens another address in its own network over http could not keep such a cookie.
    """
    if request.url.scheme in ("https", "wss"):
        return True
    scheme, host, _ = origin_of(request.app.state.kit.settings.public_url)
    asked = request.url.hostname or ""
    return scheme == "https" and (asked == host or is_loopback(asked))


async def _remembered(kit: Kit, memory: Memory[T], key: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
    """An answer that was on its way while somebody's rights changed is not kept: it may be the old one."""
    known, forgotten = memory.get(key), kit.forgotten
    if known is None:
        known = await ask()
        if known is not None and forgotten == kit.forgotten:
            memory.put(key, known)
    return known
