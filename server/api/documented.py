"""The face described as OpenAPI 3.1, with what the framework cannot know: how we refuse."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from server.api.problem import MEDIA_TYPE
from server.api.told import Problem

SUMMARY = "Join a queue, watch a place move, call and serve."
DESCRIPTION = """
Times are RFC 3339 with their offset, waits `[likely, at most]` in minutes, ids opaque. Unknown fields are refused.
A POST, PUT, PATCH or DELETE that carries an `Idempotency-Key` happens once: the same key and body again get the first
answer again. Refusals are problems (RFC 9457) with a stable `type` and, in the language of Accept-Language, a `title`
and what to do.
"""
TAGS = [
    {"name": "branches", "description": "What a branch offers, its door and its tickets."},
    {"name": "tickets", "description": "What the holder of a ticket does; much of it an agent may do for them."},
    {"name": "serving", "description": "What an agent does with the customer at their counter."},
    {"name": "counters", "description": "Who stands where, and whom they call."},
    {"name": "live", "description": "The newest state: once by GET, on every change by WebSocket at the same address."},
]
FIRST_LINE = {"4XX": "Not this way, and what to do instead", "5XX": "Nothing was saved; try again"}


def describe(routes: Sequence[BaseRoute], base: str) -> dict[str, Any]:
    """The whole description; `base` is where the routes are mounted."""
    described = get_openapi(
        title="Now Serving", version=_version(), openapi_version="3.1.0", summary=SUMMARY,
        description=DESCRIPTION.strip(), routes=routes, tags=TAGS, servers=[{"url": base}],
    )  # fmt: skip
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for framework_own in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework_own, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for path in described["paths"].values():
        for operation in path.values():
            _complete(operation)
    return described


def _complete(operation: dict[str, Any]) -> None:
    """Each operation may end in a problem, never in a surprise."""
    responses = operation["responses"]
    responses.pop("422", None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses |= {status: {"description": line, "content": content} for status, line in FIRST_LINE.items()}


def _version() -> str:
    try:
        return version("nowserving")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"
