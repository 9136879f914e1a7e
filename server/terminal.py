"""What the terminal says to whoever starts or sets up an installation."""

from io import StringIO
from typing import Any

from qrcode import QRCode
from rich.console import Console

from server.domain.presence import GRACE_STEPS, STEP_SECONDS
from server.first_start import Beginning
from server.settings import Settings
from server.web.kit import Kit, lan_address

KINDS = {
    "setup": "setup (you, the admin)",
    "kiosk": "kiosk, the screen at the door",
    "lobby": "lobby screen",
    "console": "console",
}


def say_hello(out: Console, settings: Settings, port: int, beginning: Beginning, kit: Kit) -> None:
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
        _say_code(out, settings, port, beginning.kiosk, kit)


def say_setup(out: Console, answer: dict[str, Any]) -> None:
    """What `setup` made, for people."""
    out.print(f"The branch {answer['branch']['id']} is as its file says.", highlight=False)
    for item in (*answer["people"], *answer["devices"]):
        out.print(f"\n{item['name']} ({item.get('role') or item.get('kind')})", highlight=False, markup=False)
        out.print(f"  one-time link  {item['link'] or 'not needed: already let in'}", highlight=False, markup=False)
        if item.get("key"):
            out.print(f"  key            {item['key']}  (shown only now)", highlight=False, markup=False)


def _say_code(out: Console, settings: Settings, port: int, kiosk: tuple[str, str], kit: Kit) -> None:
    branch, device = kiosk
    base = settings.public_url.rstrip("/") or f"http://{lan_address() or 'localhost'}:{port}"
    address = f"{base}/d/{branch}/{kit.presence.code(branch, device, kit.now()).text}"
    drawn = StringIO()
    code = QRCode(border=2)
    code.add_data(address)
    code.print_ascii(out=drawn, invert=True)
    good_for = STEP_SECONDS * (GRACE_STEPS + 1)
    out.print(
        f"\nThe door's code, good for {good_for} seconds; the kiosk renews it by itself:\n{address}", highlight=False
    )
    out.print(drawn.getvalue(), highlight=False, markup=False)
