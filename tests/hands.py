"""What people do in a branch, by the JSON face and their links: to set a stage on a real server in a few lines."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.running import PATIENCE

Cookie = Any
"""A cookie as a browser's context takes it; the driver keeps the name of its shape to itself."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One ticket in its holder's hand."""

    id: str
    number: str
    secret: str

    @property
    def address(self) -> str:
        return f"/t/{self.id}"


class Hands:
    """Everybody of one branch; `made` is what `setup --json` said of it, with keys for its people."""

    def __init__(self, base: str, made: Mapping[str, Any]) -> None:
        self.base, self.branch = base, str(made["branch"]["id"])
        self._made = made
        self._http = httpx2.Client(base_url=base, timeout=PATIENCE)

    def close(self) -> None:
        self._http.close()

    def counter(self, label: str) -> str:
        return str(next(counter["id"] for counter in self._made["counters"] if counter["label"] == label))

    def person(self, name: str) -> str:
        return str(next(person["id"] for person in self._made["people"] if person["name"] == name))

    def code(self, device: str = "Door") -> str:
        """The code on that screen at this moment."""
        return str(self._ask("GET", f"/branches/{self.branch}/presence", self._device(device))["code"])

    def joins(self, service: str, **more: Any) -> Slip:
        """Somebody new scans the door's code, unless `presence` says otherwise."""
        wish = {"service": service, "presence": self.code(), **more}
        body = {field: value for field, value in wish.items() if value is not None}
        made = self._ask("POST", f"/branches/{self.branch}/tickets", {}, body)
        return Slip(made["id"], made["number"], made["secret"])

    def scans(self, service: str, **said: str) -> Slip:
        """As `joins`, with the phone's own pages: scan the door, fill in the form, tap."""
        with httpx2.Client(base_url=self.base, timeout=PATIENCE) as phone:
            phone.get(f"/d/{self.branch}/{self.code()}")
            form = {"service": service, "pass": phone.cookies[f"pass_{self.branch}"], "key": uuid.uuid4().hex, **said}
            answer = phone.post(f"/b/{self.branch}/tickets", data=form, headers={"Origin": self.base})
            assert answer.status_code == 303, answer.text
            ticket = answer.headers["location"].rpartition("/")[2]
            return self._slip(ticket, str(phone.cookies[f"ticket_{ticket}"]))

    def does(self, slip: Slip, method: str, move: str = "", **said: Any) -> dict[str, Any]:
        """The holder's own move: `does(slip, "POST", "absence")`."""
        header = {"Authorization": f"Ticket {slip.secret}"}
        return dict(self._ask(method, f"/tickets/{slip.id}{'/' * bool(move)}{move}", header, said or None))

    def takes(self, name: str, label: str, services: list[str] | None = None) -> None:
        said = {"services": services} if services else {}
        self._ask("POST", f"/counters/{self.counter(label)}/duty", self._staff(name), said)

    def calls(self, name: str, label: str) -> str:
        """The next one's ticket id; "" when nobody waits."""
        called = self._ask("POST", f"/counters/{self.counter(label)}/calls", self._staff(name), {})
        return str(called["id"]) if called else ""

    def serves(self, name: str, ticket: str, method: str, move: str, **said: Any) -> None:
        """An agent's move with a customer: `serves("Ken", ticket, "POST", "miss")`."""
        self._ask(method, f"/tickets/{ticket}/{move}", self._staff(name), said or None)

    def sees(self, name: str, ticket: str) -> dict[str, Any]:
        """The ticket as an agent's program is told of it."""
        return dict(self._ask("GET", f"/tickets/{ticket}", self._staff(name)))

    def signs_in(self, name: str) -> Cookie:
        """The cookie of somebody's browser, by their one-time link."""
        person = next(person for person in self._made["people"] if person["name"] == name)
        return self._opens("/staff/enter", person["link"], "session")

    def begins(self, link: str) -> Cookie:
        """The cookie of the browser that opened the first start's link: the admin of all branches."""
        return self._opens("/staff/enter", link, "session")

    def arranges(self, who: Cookie, path: str, **fields: str) -> None:
        """A form of the setup pages, sent from somebody's browser."""
        with httpx2.Client(base_url=self.base, timeout=PATIENCE, cookies={who["name"]: who["value"]}) as browser:
            form = {"key": uuid.uuid4().hex, **fields}
            answer = browser.post(f"/setup/{self.branch}{path}", data=form, headers={"Origin": self.base})
            assert answer.status_code == 303, answer.text

    def pairs(self, name: str) -> Cookie:
        """The cookie of a screen, by its one-time link."""
        device = next(device for device in self._made["devices"] if device["name"] == name)
        return self._opens("/pair", device["link"], "device")

    def holds(self, slip: Slip) -> Cookie:
        """The cookie of the phone that holds the ticket."""
        return self._cookie(f"ticket_{slip.id}", slip.secret)

    def speaks(self, language: str) -> Cookie:
        return self._cookie("language", language)

    def _slip(self, ticket: str, secret: str) -> Slip:
        now = self._ask("GET", f"/tickets/{ticket}", {"Authorization": f"Ticket {secret}"})
        return Slip(ticket, now["number"], secret)

    def _cookie(self, name: str, value: str) -> Cookie:
        return {"name": name, "value": value, "url": self.base}

    def _opens(self, path: str, link: str, cookie: str) -> Cookie:
        with httpx2.Client(base_url=self.base, timeout=PATIENCE) as browser:
            answer = browser.post(path, data={"token": link.rpartition("#")[2]})
            assert answer.status_code == 303, answer.text
            return self._cookie(cookie, str(browser.cookies[cookie]))

    def _device(self, name: str) -> dict[str, str]:
        found = next(device for device in self._made["devices"] if device["name"] == name)
        return {"Authorization": f"Device {found['key']}"}

    def _staff(self, name: str) -> dict[str, str]:
        found = next(person for person in self._made["people"] if person["name"] == name)
        return {"Authorization": f"Bearer {found['key']}"}

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None) -> Any:
        sent = {**headers, "Idempotency-Key": uuid.uuid4().hex + uuid.uuid4().hex}
        answer = self._http.request(method, f"/api/v1{path}", headers=sent, json=body)
        assert answer.status_code < 400, (method, path, answer.text)
        return json.loads(answer.text) if answer.text else None
