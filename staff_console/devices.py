"""The page of devices: the screens at the door and in the lobby, and the links that pair them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from server.actions.arranging import screens
from server.actions.arranging.checks import checked
from server.branch_file import DeviceSection
from server.chance import new_id
from server.domain.errors import Invalid
from staff_console.setup.forms import Form, filled
from staff_console.setup.room import Room, room

router = APIRouter(prefix="/setup/{branch_id}/devices")
Here = Annotated[Room, Depends(room)]


@router.get("")
async def index(here: Here) -> Response:
    """A branch's first screen is its kiosk, then the lobby's."""
    setup = await here.arrangement()
    has_kiosk = any(device.kind == "kiosk" for device in setup.devices)
    form = filled(kind="lobby" if has_kiosk else "kiosk")
    return await here.page("devices/devices.html", "devices", setup=setup, form=form)


@router.post("")
async def add(here: Here) -> Response:
    """The link is shown on this answer and nowhere else."""
    form = await here.form("kind", "name")
    token = here.token(form)
    try:
        section = checked(DeviceSection, {"kind": form.value("kind"), "name": form.text("name")})
        added = await here.act(form, screens.add, device_id=new_id(), section=section, token=token)
    except Invalid as refused:
        return await _again(here, form.with_problems(refused.fields))
    return await here.link_page("devices", section.kind, section.name, f"/pair#{token}", added["until"])


@router.post("/{device_id}/link")
async def renew_link(here: Here, device_id: str) -> Response:
    """The link is shown on this answer and nowhere else."""
    form = await here.form()
    token = here.token(form)
    renewed = await here.act(form, screens.renew_link, device_id=device_id, token=token)
    device = (await here.arrangement()).device(device_id)
    return await here.link_page("devices", device.kind, device.name, f"/pair#{token}", renewed["until"])


@router.post("/{device_id}/revocation")
async def revoke(here: Here, device_id: str) -> Response:
    await here.act(await here.form(), screens.revoke, device_id=device_id)
    here.kit.forget_who()
    return here.back("devices", done="device-revoked")


async def _again(here: Room, form: Form) -> Response:
    return await here.page("devices/devices.html", "devices", form=form, status=422)
