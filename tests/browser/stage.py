"""A page with our own parts, styles and scripts, served by the test itself under the policy real pages have."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.async_api import Page, Route, WebSocketRoute

from server import words

WEB = Path(__file__).parents[2] / "server" / "web"
ADDRESS = "http://stage.test"
START = datetime(2026, 11, 23, 13, 3, tzinfo=UTC)  # 14:03 in Lagos
STEP = 250  # ms
BUNDLES = {
    "/static/all.css": ("tokens.css", "base.css"),
    "/stage.js": ("vendor/htmx.min.js", "vendor/hx-ws.min.js", "live.js"),
    "/static/icon.svg": ("icon.svg",),
}
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = """
{% extends "base.html" %}
{% block head %}<script src="/stage.js" defer></script><script src="/act.js" defer></script>{% endblock %}
{% block main %}{% from "parts.html" import plate, row, band with context %}
CONTENT{% endblock %}
"""
TEMPLATES = Environment(
    loader=FileSystemLoader([WEB / "templates", Path(__file__).parent]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def drawn(template: str, language: str = "en", **context: object) -> str:
    """A template (by name, or as text with the parts at hand) as the server would send it."""
    source = (
        TEMPLATES.get_template(template)
        if template.endswith(".html")
        else TEMPLATES.from_string(PAGE.replace("CONTENT", template))
    )
    return source.render(
        t=lambda slug, **params: words.say(language, slug, **params),
        lang=language,
        dir=words.direction(language),
        static=lambda name: f"/static/{name}",
        now=START,
        tz="Africa/Lagos",
        **context,
    )


async def time_passes(page: Page, seconds: float) -> None:
    """In small steps: what sockets and pictures do in real time must not look slow to a clock that leaps."""
    for step in range(0, int(seconds * 1000), STEP):
        await page.clock.run_for(min(STEP, int(seconds * 1000) - step))
        await page.evaluate("() => 0")


@dataclass
class Stage:
    """`sockets`: every socket the page opened, newest last. `answers`: path → status and body of what it may fetch."""

    page: Page
    sockets: list[WebSocketRoute] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @classmethod
    async def on(cls, page: Page) -> "Stage":
        stage = cls(page)
        await page.clock.install(time=START)
        await page.clock.pause_at(START + timedelta(seconds=1))  # from here on time is the test's
        await page.route(f"{ADDRESS}/**", stage.answer)
        await page.route_web_socket("**/live/**", stage.connected)
        return stage

    async def open(self, content: str, script: str = "", face: str = "phone") -> None:
        """Show `content` and run `script`, a deferred file as everything must be."""
        self.answers |= {"/": (200, drawn(content, face=face)), "/act.js": (200, script)}
        await self.page.goto(f"{ADDRESS}/")
        await self.page.clock.run_for(50)

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        self.asked.append(path)
        if path in BUNDLES:
            body = "\n".join((WEB / "static" / name).read_text() for name in BUNDLES[path])
            await route.fulfill(body=body, content_type=KINDS[path.rsplit(".", 1)[1]])
        elif path in self.answers:
            status, body = self.answers[path]
            kind = "text/javascript" if path.endswith(".js") else "text/html"
            await route.fulfill(
                status=status, body=body, content_type=kind, headers={"Content-Security-Policy": POLICY}
            )
        else:
            await route.abort()

    def connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)

    async def say(self, **frame: object) -> None:
        self.sockets[-1].send(json.dumps(frame))
        await self.settle()

    async def settle(self) -> None:
        """Let what was sent arrive and be drawn; a moment of the page's clock, none of ours."""
        await self.page.evaluate("() => 0")
        await self.page.clock.run_for(50)

    async def pass_time(self, seconds: float) -> None:
        await time_passes(self.page, seconds)

    async def hears(self, event: str) -> None:
        await self.page.evaluate(f"() => {{ dispatchEvent(new Event('{event}')); }}")
        await self.pass_time(0.1)
