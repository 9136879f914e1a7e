"""How the JSON face says no: RFC 9457 problems with a stable type, a kind title and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from server import observe, words
from server.domain.errors import Invalid, NotFound, Refusal, SignInNeeded, TooLong, TooMany, Unavailable
from server.web import pages

MEDIA_TYPE = "application/problem+json"
WAYS_IN = "Bearer, Ticket, Device"  # the schemes of Authorization that we know
SLUG_OF_STATUS = {refusal.status: refusal.default for refusal in (NotFound, TooLong, TooMany, Unavailable)}
FOR_PROGRAMS = ("/api/", "/metrics")

Field = dict[str, str]
"""{"pointer": where in the body (RFC 6901), "code": what is wrong with it, "detail": the same in words}."""


def is_api(request: Request) -> bool:
    """Whether a program is asking, which reads no pages."""
    return request.url.path.startswith(FOR_PROGRAMS)


def problem_response(request: Request, refusal: Refusal) -> JSONResponse:
    """The problem of one refusal, in the language that was asked for."""
    language = pages.choose_language(request, words.LANGUAGES)
    wrong = refusal.fields if isinstance(refusal, Invalid) else {}
    fields = [_field(language, name, slug, refusal.params) for name, slug in wrong.items()]
    headers: dict[str, str] = {}
    if isinstance(refusal, SignInNeeded):
        headers["WWW-Authenticate"] = WAYS_IN
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_after)
    return _problem(language, refusal.status, refusal.slug, refusal.params, fields, headers)


def invalid(request: Request, problem: RequestValidationError) -> JSONResponse:
    """What was sent is not what the shape says. The value itself is never repeated: it may be a secret."""
    fields = [
        {"pointer": _pointer(error["loc"]), "code": error["type"].replace("_", "-"), "detail": error["msg"]}
        for error in problem.errors()
    ]
    return _problem(pages.choose_language(request, words.LANGUAGES), Invalid.status, Invalid.default, {}, fields)


def by_status(request: Request, problem: HTTPException) -> JSONResponse:
    """No such address, no such method: what the framework itself refuses."""
    slug = SLUG_OF_STATUS.get(problem.status_code, Refusal.default)
    language = pages.choose_language(request, words.LANGUAGES)
    return _problem(language, problem.status_code, slug, {}, headers=problem.headers)


def _problem(
    language: str, status: int, slug: str, params: Mapping[str, Any], fields: Sequence[Field] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:  # fmt: skip
    observe.about(refusal=slug)
    body: dict[str, Any] = {name: value for name, value in params.items() if isinstance(value, str | int)}
    body |= {
        "type": f"/problems/{slug}",
        "title": words.say(language, f"error.{slug}.title", **params),
        "status": int(status),
        "detail": words.say(language, f"error.{slug}.text", **params),
    }
    if fields:
        body["errors"] = list(fields)
    told = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body, int(status), told, MEDIA_TYPE)


def _field(language: str, name: str, slug: str, params: Mapping[str, Any]) -> Field:
    return {"pointer": f"#/{name}", "code": slug, "detail": words.say(language, f"error.{slug}.text", **params)}


def _pointer(where: Sequence[str | int]) -> str:
    """("body", "good", 0) → "#/good/0"; a header or a query parameter is named as it is."""
    place, *parts = (str(part) for part in where)
    if place == "body":
        return "#" + "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
    return ".".join([place, *parts])
