"""Whether this process is alive, and whether it can serve: for whoever watches over it."""

import shutil

from fastapi import APIRouter, Request, Response

from server.api.askers import TheKit
from server.domain.errors import Unavailable
from server.queries import people
from server.web.kit import Kit

LEAST_SPACE = 50 * 2**20  # bytes on the data disk; a day of a busy branch
router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request, kit: TheKit, response: Response) -> dict[str, bool]:
    """503 while one of them is missing, but for the bus: without it everything is served, some of it a little late.

    All nodes lose Redis at once: a balancer that sent everybody away would make a great fault of a small one.
    """
    found = {"database": await _database(kit), "disk": _disk(kit)}
    response.status_code = 200 if all(found.values()) else 503
    response.headers["Cache-Control"] = "no-store"
    return found | {"bus": request.app.state.bus.is_up()}


async def _database(kit: Kit) -> bool:
    try:
        await kit.ask(people.epoch)
    except Unavailable:
        return False
    return True


def _disk(kit: Kit) -> bool:
    try:
        return shutil.disk_usage(kit.settings.data_dir).free >= LEAST_SPACE
    except OSError:
        return False
