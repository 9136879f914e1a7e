"""The numbers of this machine, in Prometheus' text format: for whoever manages a branch, and for their programs."""

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from server import observe
from server.api.askers import AStaff
from server.domain.errors import Forbidden

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(staff: AStaff) -> Response:
    """By a manager's key or session; they count the whole machine, and name nobody."""
    if not any(staff.may("manager", branch_id) for branch_id in staff.grants):
        raise Forbidden
    told = await run_in_threadpool(observe.told)
    return Response(told, media_type=observe.MEDIA_TYPE, headers={"Cache-Control": "no-store"})
