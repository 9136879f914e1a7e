"""Kiosks and lobby screens: add, give a new link, revoke, note when they were last here."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.actions.arranging.access import LINK_LIFE, new_link
from server.actions.arranging.audit import record
from server.actions.letting_in import revoke_device
from server.branch_file import DeviceSection
from server.domain.branch import Branch
from server.domain.device import Device
from server.domain.errors import Invalid, NotFound
from server.domain.people import Actor
from server.queries import people

Answer = dict[str, Any]


def add(
    session: Session, branch: Branch, now: datetime, *, by: Actor, device_id: str, section: DeviceSection, token: str
) -> Answer:
    """A screen and the one-time link that pairs it; the answer says until when that is good."""
    live = (device for device in people.devices(session, branch.id) if device.revoked_at is None)
    if any(device.name.casefold() == section.name.casefold() for device in live):
        raise Invalid("invalid-input", {"name": "device-taken"})
    session.add(Device(id=device_id, branch_id=branch.id, kind=section.kind, name=section.name, created_at=now))
    session.flush()
    record(session, branch, now, by, "device.add", device_id, None, {"kind": section.kind, "name": section.name})
    return _link(session, now, device_id, token)


def renew_link(session: Session, branch: Branch, now: datetime, *, by: Actor, device_id: str, token: str) -> Answer:
    """A fresh link; the screen that is paired now goes on until the link is opened."""
    device = _device(session, branch, device_id)
    record(session, branch, now, by, "device.link", device.id, None, None)
    return _link(session, now, device.id, token)


def revoke(session: Session, branch: Branch, now: datetime, *, by: Actor, device_id: str) -> Answer:
    """It closes at once, its codes stop working; its links too. Conflict when it was revoked before."""
    device = _device(session, branch, device_id)
    revoke_device(session, now, device)
    for link in people.open_links(session, device.id, now):
        link.used_at = now
    record(session, branch, now, by, "device.revoke", device.id, {"kind": device.kind, "name": device.name}, None)
    return {"id": device.id}


def seen(session: Session, _: None, now: datetime, *, device_ids: set[str]) -> Answer:
    """These screens are connected now. No change of the arrangement: it leaves no line and no version."""
    session.execute(update(Device).where(Device.id.in_(device_ids)).values(seen_at=now))
    return {}


def _link(session: Session, now: datetime, device_id: str, token: str) -> Answer:
    """The token itself is never part of an answer: answers are kept."""
    new_link(session, now, "device", device_id, token)
    return {"id": device_id, "until": (now + LINK_LIFE).isoformat()}


def _device(session: Session, branch: Branch, device_id: str) -> Device:
    device = session.get(Device, device_id)
    if device is None or device.branch_id != branch.id:
        raise NotFound
    return device
