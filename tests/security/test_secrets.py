"""A whole visit on a real server, and not one secret or name of it in an address, a redirect or the log."""

import json
import re
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import httpx2
import pytest
from websockets.sync.client import connect

from server.data_folder import DataFolder
from server.domain.presence import Presence
from server.domain.second_step import digits_at, step_at
from server.live.wire import Close
from server.web.who import DEVICE, SESSION, VISITOR
from tests.running import PATIENCE, Running, running

NAME, NOTE, COMMENT, NEED = "Ada Lovelace", "owes us a photo", "thank you, Ken", "wheelchair"
PASSWORD, WRONG = "four words are best", "a wrong password of mine"
SHORTEST = 6  # characters; what is shorter stands in every log by chance


class Visit:
    """Everybody's browsers, and everything that must be told to nobody else."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.secrets: set[str] = {NAME, NOTE, COMMENT, PASSWORD, WRONG}
        self.secrets |= {who["key"] for who in server.made["people"] + server.made["devices"]}
        self.addresses: list[str] = []
        self._used: list[str] = []

    def browser(self) -> httpx2.Client:
        watched: dict[str, list[Callable[..., Any]]] = {"request": [self._asked], "response": [self._answered]}
        browser = httpx2.Client(
            base_url=self.server.base, timeout=PATIENCE, follow_redirects=True, event_hooks=watched,
            headers={"origin": self.server.base},
        )  # fmt: skip
        return self._open_browsers.enter_context(browser)

    def whole(self) -> None:
        """The screens, the staff, Ada from the door to her rating, and a few who get everything wrong."""
        with ExitStack() as open_browsers:
            self._open_browsers = open_browsers
            mira, ken, ada = self._enters("Mira"), self._enters("Ken"), self.browser()
            self._paired("Door", "/kiosk")
            wall = self._paired("Wall", "/lobby")
            ticket, secret = self._joins(ada)
            counter = f"/counters/{self.server.counter('1')}"
            self._looks(f"/api/v1/live/tickets/{ticket}", ada)
            self._looks("/live/lobby", wall)
            self._looks("/live/lobby", ada)  # hers it is not
            for path in ("/duty", "/calls", "/service"):
                ken.post(counter + path, data={"key": path}).raise_for_status()
            ken.post(f"{counter}/outcome", data={"outcome": "resolved", "note": NOTE}).raise_for_status()
            rating = {"score": "5", "comment": COMMENT, "done": "true"}
            ada.post(f"/t/{ticket}/rating", data=rating).raise_for_status()
            self._keeps(ticket, secret)
            self._looks_at_its_data(ada, ticket)
            self._sets_up_codes(mira)
            mira.get(f"/setup/{self.server.branch}/people").raise_for_status()
            self._blunders()
            ken.post("/staff/session/end").raise_for_status()

    def log(self) -> str:
        return (self.server.folder / "server.log").read_text()

    def _enters(self, name: str) -> httpx2.Client:
        browser, token = self.browser(), self._token(self.server.person(name))
        browser.get("/staff/enter").raise_for_status()
        browser.post("/staff/enter", data={"token": token}).raise_for_status()
        self.secrets.add(browser.cookies[SESSION])
        browser.post("/staff/password", data={"login": name, "password": PASSWORD}).raise_for_status()
        return browser

    def _paired(self, name: str, path: str) -> httpx2.Client:
        browser = self.browser()
        assert browser.post("/pair", data={"token": self._token(self.server.device(name))}).url.path == path
        self.secrets.add(browser.cookies[DEVICE])
        return browser

    def _joins(self, ada: httpx2.Client) -> tuple[str, str]:
        ada.get(f"/d/{self.server.branch}/{self.server.code()}").raise_for_status()
        self.secrets |= {ada.cookies[f"pass_{self.server.branch}"], ada.cookies[VISITOR]}
        wish = {"service": "new-passport", "name": NAME, "need": NEED, "key": "k"}
        shown = ada.post(f"/b/{self.server.branch}/tickets", data=wish)
        shown.raise_for_status()
        ticket = shown.url.path.removeprefix("/t/")
        secret = ada.cookies[f"ticket_{ticket}"]
        self.secrets |= {secret, self._presence().short_code(ticket, 1)}
        ada.get(f"/t/{ticket}/keep").raise_for_status()
        return ticket, secret

    def _keeps(self, ticket: str, secret: str) -> None:
        """In another browser, by the link that carries the secret in its fragment."""
        other = self.browser()
        other.get("/keep").raise_for_status()
        assert other.post("/keep", data={"secret": f"{ticket}.{secret}"}).url.path == f"/t/{ticket}"

    def _looks_at_its_data(self, ada: httpx2.Client, ticket: str) -> None:
        assert NAME in ada.get(f"/t/{ticket}/data.json").text
        ada.post(f"/t/{ticket}/erasure", data={"key": "e"}).raise_for_status()

    def _sets_up_codes(self, mira: httpx2.Client) -> None:
        """Signs out, too, and in again by a recovery code."""
        page = mira.get("/staff/codes").text
        (salt,) = re.findall(r'name="salt" value="(\w+)"', page)
        self.secrets |= set(re.findall(r'<code class="codes-key"[^>]*>([A-Z2-7 ]+)</code>', page))
        key = self._presence().sign_in_key(self.server.person("Mira")["id"], salt)
        self.secrets.add(b32encode(key).decode())
        typed = digits_at(key, step_at(datetime.now(UTC)))
        shown = mira.post("/staff/codes", data={"salt": salt, "code": typed})
        shown.raise_for_status()
        codes = re.findall(r"<code>([\w-]+)</code>", shown.text)
        self.secrets |= {*codes, *(code.replace("-", "") for code in codes)}
        mira.post("/staff/session/end").raise_for_status()
        mira.post("/staff/session", data={"login": "mira", "password": PASSWORD}).raise_for_status()
        assert mira.post("/staff/code", data={"code": codes[0]}).url.path != "/staff/code"

    def _blunders(self) -> None:
        nobody = self.browser()
        assert nobody.post("/staff/session", data={"login": "ken", "password": WRONG}).status_code == 401
        assert nobody.post("/staff/enter", data={"token": self._used[0]}).status_code == 410
        assert nobody.get("/counter").url.path == "/staff"
        assert nobody.post("/api/v1/tickets/none/absence", json={"secret": PASSWORD}).status_code == 401
        assert nobody.get("/nowhere").status_code == 404
        lost = self.server.base + f"/t/{self._used[0]}"  # by a client of its own: the address is wrong on purpose
        assert httpx2.get(lost, headers={"x-request-id": self._used[0]}, timeout=PATIENCE).status_code == 404
        told = {"origin": self.server.base, "content-type": "multipart/form-data; boundary=x"}
        form = f'--x\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: {WRONG}\r\n\r\n{WRONG}'
        for broken in (form.replace(": ", ":\x00"), form + "\r\n--y", form * 100_000):
            assert nobody.post("/staff/session", content=broken, headers=told).status_code in (400, 404, 413, 422)

    def _looks(self, path: str, who: httpx2.Client) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
        address = f"ws://127.0.0.1:{self.server.port}{path}"
        origin: Any = self.server.base
        with connect(address, additional_headers={"cookie": cookies}, origin=origin, proxy=None) as socket:
            try:
                socket.recv(PATIENCE)
                socket.send(b"\xff" + WRONG.encode(), text=True)
            except Exception:  # noqa: BLE001 - turned away
                return

    def _token(self, who: dict[str, str]) -> str:
        token = who["link"].rpartition("#")[2]
        self.secrets.add(token)
        self._used.append(token)
        return token

    def _presence(self) -> Presence:
        return Presence(DataFolder(self.server.folder / "data").key())

    def _asked(self, request: httpx2.Request) -> None:
        self.addresses.append(str(request.url))

    def _answered(self, answer: httpx2.Response) -> None:
        self.addresses.append(answer.headers.get("location", ""))


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    with running(None, tmp_path_factory.mktemp("visit")) as server:
        visit = Visit(server)
        visit.whole()
        yield visit


def test_no_secret_stands_in_an_address_or_a_redirect(visit: Visit) -> None:
    assert len(visit.addresses) > 30
    assert told(visit.secrets, "\n".join(visit.addresses)) == set()


def test_no_secret_and_no_name_stands_in_the_log(visit: Visit) -> None:
    assert told(visit.secrets, visit.log()) == set()


def test_a_secret_that_is_told_would_be_noticed(visit: Visit) -> None:
    assert told(visit.secrets, f"GET /t/x?password={quote_plus(PASSWORD)} 200") == {PASSWORD}


def test_the_log_tells_what_was_done_and_to_which_ticket(visit: Visit) -> None:
    lines = [json.loads(line) for line in visit.log().splitlines() if line.startswith("{")]
    done = {(line["method"], line["route"]): line for line in lines if line["event"] == "answered"}
    joined = done["POST", "/b/{branch_id}/tickets"]
    assert (joined["branch"], joined["status"]) == (visit.server.branch, 303)
    assert joined["ticket"] == done["POST", "/t/{ticket_id}/rating"]["ticket"]
    assert done["POST", "/staff/session"].keys() & {"branch", "ticket"} == set()
    turned_away = next(line for line in lines if line["event"] == "turned away")
    assert (turned_away["route"], turned_away["code"]) == ("/live/{kind}", Close.NOT_YOURS)
    assert len({line["request"] for line in lines if line["event"] == "answered"}) > 15


def test_a_log_has_one_object_a_line_and_nobodys_address(visit: Visit) -> None:
    lines = [line for line in visit.log().splitlines() if line.startswith("{")]
    assert all({"event", "level", "timestamp"} <= json.loads(line).keys() for line in lines)
    assert "127.0.0.1" not in "".join(lines)


def told(secrets: set[str], text: str) -> set[str]:
    """Which of them stand in a text, as they are or quoted for an address."""
    return {
        secret for secret in secrets if len(secret) >= SHORTEST and (secret in text or secret in unquote_plus(text))
    }
