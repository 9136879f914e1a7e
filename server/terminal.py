"""What the terminal says to whoever starts or sets up an installation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from qrcode import QRCode
from rich.console import Console

from server import words
from server.domain.errors import Refusal
from server.domain.presence import GRACE_STEPS, STEP_SECONDS, Presence
from server.first_start import Beginning, Door
from server.settings import Settings
from server.web.kit import lan_address

SELDOM = 30.0  # seconds
KINDS = {
    "setup": "setup (you, the admin)",
    "kiosk": "kiosk, the screen at the door",
    "lobby": "lobby screen",
    "console": "console",
}

out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)


def say_hello(out: Console, settings: Settings, port: int, beginning: Beginning, presence: Presence) -> None:
    """Where the server is, the links nobody has used yet, and the door's code to scan."""
    here = settings.public_url.rstrip("/") or f"http://localhost:{port}"
    out.print(f"\n[bold]Now Serving[/bold] is at {here}\n", highlight=False)
    if beginning.doors:
        out.print("One-time links: each opens once, in the browser that is to stay signed in.", highlight=False)
        whos = [KINDS[door.kind] + (f", {door.name}" if door.kind == "console" else "") for door in beginning.doors]
        for who, door in zip(whos, beginning.doors, strict=True):
            out.print(f"  {who:<{max(map(len, whos))}}  {here}{door.path}", highlight=False, markup=False)
    out.print(f"\nStaff sign in at {here}/staff", highlight=False)
    if beginning.kiosk is not None:
        _say_code(out, settings, port, beginning.kiosk, presence)


def say_demo(out: Console, speed: float, free_counter: str, folder: Path) -> None:
    """What is made up, what is left to people, and where it stands."""
    out.print(
        f"\nThis is a demo: its people are made up and live {speed:g} times as fast. It is kept in {folder},\n"
        "which goes when it ends; no other data are touched.\n"
        f"Counter {free_counter} is left for you: sign in with an agent's link, take it, and call somebody.\n"
        "Ctrl-C ends it.",
        highlight=False, markup=False,
    )  # fmt: skip


class StatusLine:
    """One line that is written over again and again; where nobody watches, now and then a line of its own."""

    def __init__(self, out: Console, clock: Callable[[], float]) -> None:
        """`clock`: seconds that only go forward."""
        self._out, self._clock, self._next = out, clock, 0.0

    def tell(self, text: str) -> None:
        if self._out.is_terminal:
            # The cursor goes back: a line of the log then stands in its place, not behind it.
            print(f"\x1b[K{text[: self._out.width - 1]}\r", end="", file=self._out.file, flush=True)
        elif self._clock() >= self._next:
            self._next = self._clock() + SELDOM
            print(text, file=self._out.file, flush=True)


def say_setup(out: Console, answer: dict[str, Any]) -> None:
    """What `setup` made, for people."""
    out.print(f"The branch {answer['branch']['id']} is as its file says.", highlight=False)
    for item in (*answer["people"], *answer["devices"]):
        out.print(f"\n{item['name']} ({item.get('role') or item.get('kind')})", highlight=False, markup=False)
        out.print(f"  one-time link  {item['link'] or 'not needed: already let in'}", highlight=False, markup=False)
        if item.get("key"):
            out.print(f"  key            {item['key']}  (shown only now)", highlight=False, markup=False)


def say_let_in(out: Console, settings: Settings, door: Door) -> None:
    """The one-time link of somebody who had lost their way in."""
    here = settings.public_url.rstrip("/") or f"http://localhost:{settings.port}"
    out.print(f"{door.name} can come in once, within a week: {here}{door.path}", highlight=False, markup=False)


def _say_code(out: Console, settings: Settings, port: int, kiosk: tuple[str, str], presence: Presence) -> None:
    branch, device = kiosk
    base = settings.public_url.rstrip("/") or f"http://{lan_address() or 'localhost'}:{port}"
    address = f"{base}/d/{branch}/{presence.code(branch, device, datetime.now(UTC)).text}"
    drawn = StringIO()
    code = QRCode(border=2)
    code.add_data(address)
    code.print_ascii(out=drawn, invert=True)
    good_for = STEP_SECONDS * (GRACE_STEPS + 1)
    out.print(
        f"\nThe door's code, good for {good_for} seconds; the kiosk renews it by itself:\n{address}", highlight=False
    )
    out.print(drawn.getvalue(), highlight=False, markup=False)


def settings_with(**overrides: object) -> Settings:
    """The settings in force, with what the command line says over them; ends in one line where one cannot be used."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        fail(f"The setting {str(first['loc'][0]).upper()} cannot be used: {first['msg'].lower()}.")


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """A refusal becomes its sentences, with what it is about before them."""
    try:
        yield
    except Refusal as refusal:
        about = [f"{thing} {refusal.params[thing]}" for thing in ("service", "counter") if thing in refusal.params]
        said = [words.say("en", f"error.{refusal.slug}.{part}", **refusal.params) for part in ("title", "text")]
        fail(f"{', '.join([what, *about])}: {'. '.join(said)}")


def fail(sentence: str) -> NoReturn:
    """What a person got wrong, in one line; the command ends."""
    err.print(sentence, style="bold", markup=False, highlight=False)
    raise typer.Exit(1)
