"""Render a page, or one block of it for htmx; and the files that pages load."""

import hashlib
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.requests import HTTPConnection
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from server import words
from server.domain.colour import is_dark_enough

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "server" / "web"
FACES = ("kiosk_ui", "display", "staff_console")
_SHARED = ("tokens.css", "base.css")
_HTMX = ("vendor/htmx.min.js",)
_SCREEN = (*_HTMX, "vendor/hx-ws.min.js", "live.js")
BUNDLES: Mapping[str, tuple[str, ...]] = {
    # One concatenated file each: two deferred scripts race, and a slow link pays for every request.
    "all.css": _SHARED,
    "phone.css": (*_SHARED, "kiosk_ui/phone.css"),
    "kiosk.css": (*_SHARED, "kiosk_ui/kiosk.css"),
    "lobby.css": (*_SHARED, "display/lobby.css"),
    "console.css": (*_SHARED, "staff_console/console.css"),
    "setup.css": (*_SHARED, "staff_console/setup.css", "staff_console/trail.css"),
    "people.css": (*_SHARED, "staff_console/setup.css", "staff_console/people.css"),
    "sign-in.css": (*_SHARED, "staff_console/console.css", "staff_console/codes.css"),
    "floor.css": (*_SHARED, "staff_console/setup.css", "staff_console/floor.css"),
    "floor.js": (*_SCREEN, "staff_console/floor.js"),
    "phone.js": (*_HTMX, "live.js", "kiosk_ui/phone.js"),
    "kiosk.js": (*_SCREEN, "kiosk_ui/kiosk.js"),
    "lobby.js": (*_SCREEN, "display/lobby.js"),
    "console.js": (*_SCREEN, "staff_console/console.js", "staff_console/print.js"),
    "setup.js": (*_HTMX, "live.js", "staff_console/setup.js", "staff_console/print.js"),
    "reports.css": (*_SHARED, "staff_console/setup.css", "staff_console/reports.css"),
    "reports.js": ("staff_console/reports.js",),
}
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
FOR_EVER = "public, max-age=31536000, immutable"
LANGUAGE = "language"  # the cookie
NIGHT = re.compile(r"night/([0-9a-f]{6})/((?:phone|kiosk|lobby|worn)\.css)")  # a bundle in the colour of a branch
WORN = "worn.css"  # the colour alone, for a part of a page where it is tried on
KEPT = 256  # files and bundles in memory: made-up colours must not fill it
ASIDES = re.compile(r"/\*.*?\*/|(?:^|(?<=\s))//\s.*?$|^\s+", re.MULTILINE | re.DOTALL)
"""Comments and indentation: a tenth of what a phone's first visit may weigh."""
AROUND_BRACES = re.compile(r";?\s*([{}])\s*")
MEMORY = (5, 6, 8)  # levels of zlib's; which packs a text smallest is found by trying, once for each


def page(
    request: HTTPConnection,
    template: str,
    *,
    status: int = 200,
    language: str | None = None,
    tz: str | None = None,
    **context: Any,
) -> HTMLResponse:
    """A whole page. `language` None: what the browser asks for."""
    language = language or choose_language(request, words.LANGUAGES)
    html = _environment().get_template(template).render(_context(language, tz, context))
    return _html(html, status)


def fragment(
    request: HTTPConnection, template: str, block: str, *, status: int = 200, language: str | None = None,
    tz: str | None = None, **context: Any,
) -> HTMLResponse:  # fmt: skip
    """One block of a page."""
    language = language or choose_language(request, words.LANGUAGES)
    return _html(render_block(template, block, language, tz, **context), status)


def render_block(template: str, block: str, language: str, tz: str | None, **context: Any) -> str:
    """One block as text, for live fragments: no request, no state."""
    found = _environment().get_template(template)
    return "".join(found.blocks[block](found.new_context(_context(language, tz, context))))


def choose_language(request: HTTPConnection, languages: tuple[str, ...] | list[str]) -> str:
    """The one chosen before, else the browser's, else the first of `languages`."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in languages or chosen == words.PSEUDO:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.partition(";")[0].strip().lower()
        if (short := wanted.partition("-")[0]) in languages:
            return short
    return languages[0]


def is_htmx(request: HTTPConnection) -> bool:
    return request.headers.get("hx-request") == "true"


def dressed(name: str, colour: str | None) -> str:
    """The address of a bundle of styles in a branch's own colour: no request more than in the house's."""
    return static(f"night/{colour.removeprefix('#')}/{name}" if colour else name)


@lru_cache(maxsize=KEPT)
def static(name: str) -> str:
    """The address of a file or bundle; it changes with the content, so that browsers may keep it for ever."""
    digest = hashlib.sha256(_content(name)).hexdigest()[:10]
    return f"/static/{digest}/{name}"


@lru_cache(maxsize=KEPT)
def build(colour: str | None = None) -> str:
    """Changes when anything that pages load changes: screens that run for weeks load themselves anew."""
    return hashlib.sha256("".join((*map(static, BUNDLES), colour or "")).encode()).hexdigest()[:10]


def static_response(request: HTTPConnection, name: str, digest: str = "") -> Response:
    """A file, compressed once; 404 for what is not ours. Kept for ever only when `digest` is that of its content."""
    try:
        plain, packed = _packed(name)
    except (OSError, ValueError, KeyError):  # also names that no file system takes
        return Response(status_code=404)
    ours = static(name) == f"/static/{digest}/{name}"  # else a page of another version asks, while we are updated
    keep = FOR_EVER if ours else "no-store"
    headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"}
    kind = TYPES[Path(name).suffix]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=kind, headers=headers)


def _html(html: str, status: int) -> HTMLResponse:
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


@cache
def _environment() -> Environment:
    folders = [KIT / "templates", *(ROOT / face / "templates" for face in FACES)]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # they change with the code, which is not read again either
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"static": static, "dressed": dressed, "build": build, "csrf_key": lambda: uuid4().hex}
    return environment


def _context(language: str, tz: str | None, context: dict[str, Any]) -> dict[str, Any]:
    now = context.get("now") or datetime.now(UTC)
    return {
        "t": partial(words.say, language),
        "named": lambda names: words.pick(names, language),
        "need_in_words": lambda stored: words.need(stored, language),
        "lang": language,
        "dir": words.direction(language),
        "now": now,
        "tz": tz,
        "clock": lambda at: words.clock(at, language, tz),
        "minutes": lambda n: words.minutes(n, language),
        "wait_range": lambda wait: words.wait_range(wait, language),
        "opens": lambda at: words.opens(at, now, language, tz),
    } | context


@lru_cache(maxsize=KEPT)
def _packed(name: str) -> tuple[bytes, bytes]:
    plain = _content(name)
    return plain, min((_gzip(plain, memory) for memory in MEMORY), key=len)


def _gzip(plain: bytes, memory: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, memory)
    return packer.compress(plain) + packer.flush()


def _content(name: str) -> bytes:
    if (worn := NIGHT.fullmatch(name)) and is_dark_enough(f"#{worn[1]}"):
        if worn[2] == WORN:
            return f".worn {{ --night: #{worn[1]}; }}".encode()
        return _content(worn[2]) + f"\n:root:root:root {{ --night: #{worn[1]}; }}".encode()
    if name in BUNDLES:
        return b"\n".join(_part(_file(part)) for part in BUNDLES[name])
    return _file(name).read_bytes()


def _part(file: Path) -> bytes:
    """One part of a bundle: ours without what we tell each other in it, others' as they wrote it."""
    if "vendor" in file.parts:
        return file.read_bytes()
    told = ASIDES.sub("", file.read_text())
    return (AROUND_BRACES.sub(r"\1", told) if file.suffix == ".css" else told).encode()


def _file(name: str) -> Path:
    """ "kiosk_ui/phone.js" is that face's own, "live.js" the kit's; FileNotFoundError outside of the static folders."""
    face, _, rest = name.partition("/")
    folder, inside = (ROOT / face / "static", rest) if face in FACES else (KIT / "static", name)
    path = (folder / inside).resolve()
    if not path.is_relative_to(folder.resolve()) or path.suffix not in TYPES:
        raise FileNotFoundError(name)
    return path
