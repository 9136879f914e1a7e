"""A manager's setup pages: what they show, what they refuse, and how kindly."""

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx2 as httpx
import pytest

from server.actions import letting_in
from tests.databases import copy_of
from tests.screens.office import Browser, Office, office_of
from tests.world import harbour

PAGES = (
    "", "/branch", "/services", "/services/new", "/services/new-passport", "/counters", "/counters/new", "/people",
    "/people/new", "/devices", "/waits", "/rules", "/priorities", "/priorities/new", "/priorities/elderly",
    "/file", "/trail", "/opening", "/look",
)  # fmt: skip
NAMES = {
    "New passport", "Nouveau passeport", "Renewals", "Renouvellements", "Harbour Branch", "Mira", "Ken", "Lola",
    "English · Français", "English", "Français", "65 or older", "Business",
    "Door", "Wall", "Resolved", "Needs documents", "Referred", "Africa/Lagos",
}  # fmt: skip
DATA = re.compile(r"<bdi>.*?</bdi>")
WORD = re.compile(r">\s*([^<>]*[A-Za-z]{3}[^<>]*)\s*<")


@pytest.fixture
async def office(sqlite_pattern: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, harbour()) as found:
        yield found


@pytest.fixture
async def mira(office: Office) -> Browser:
    return await office.signed_in("Mira")


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(office: Office) -> None:
    answer = await office.http.get("/setup/harbour/services")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff?next=/setup/harbour/services")


async def test_an_agent_is_told_kindly_whose_page_it_is(office: Office) -> None:
    ken = await office.signed_in("Ken")
    for path in PAGES:
        answer = await ken.page(path)
        assert (answer.status_code, path) == (403, path)
        assert "This page belongs to someone else" in answer.text


async def test_an_agent_changes_nothing_by_sending_a_form(office: Office, mira: Browser) -> None:
    ken = await office.signed_in("Ken")
    sent = await ken.sends("/services", name_en="Ken's own", letter="K", target_wait="5", typical_service="5")
    assert sent.status_code == 403
    assert "Ken&#39;s own" not in (await mira.page("/services")).text


async def test_a_role_taken_away_counts_at_once(office: Office, mira: Browser) -> None:
    """Even for a page that is open already: asked again inside the action."""
    lolas = f"/people/{office.ids['Lola']}"
    await mira.sends(lolas, name="Lola", role="manager")
    lola = await office.signed_in("Lola")
    assert (await lola.page("/services")).status_code == 200
    await mira.sends(lolas, name="Lola", role="agent")
    assert (await lola.sends("/services/renewals/pause")).status_code == 403


async def test_the_only_branch_is_opened_without_asking(office: Office, mira: Browser) -> None:
    answer = await office.http.get("/setup", headers={"cookie": f"session={mira.token}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup/harbour")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_page_speaks_the_language_of_its_reader(mira: Browser, language: str) -> None:
    for path in PAGES:
        answer = await mira.page(path, language)
        assert (answer.status_code, path) == (200, path)
        assert f'lang="{language}"' in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_no_word_of_a_page_stands_outside_the_catalogue(mira: Browser) -> None:
    """In the pseudo-locale every sentence is disguised; plain letters are names out of the database."""
    for path in PAGES:
        text = DATA.sub("", (await mira.page(path, "xx")).text)
        plain = {word.strip() for word in WORD.findall(text.partition("<body")[2]) if "[" not in word}
        assert plain - NAMES == set(), path


async def test_the_checklist_names_what_is_missing_and_lights_up_when_nothing_is(office: Office, mira: Browser) -> None:
    page = (await mira.page()).text
    assert "One more step and Harbour Branch can open" in page
    assert "Door is waiting for its link to be opened." in page
    assert 'class="plate nearly"' in page
    paired = partial(letting_in.pair, token=office.links["Door"], cookie="c")
    await office.app.state.db.act(None, None, paired)
    page = (await mira.page()).text
    assert "Harbour Branch is ready to open" in page
    assert 'class="plate lit"' in page


async def test_a_service_is_added_by_its_form(mira: Browser) -> None:
    sent = await mira.sends(
        "/services", name_en="Letters", name_fr="Lettres", letter="c", bring_en="", bring_fr="", target_wait="10",
        typical_service="6", outcomes="Done\n\nSent back", outcome_required="yes",
    )  # fmt: skip
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/setup/harbour/services/letters?done=service-added#outcomes",
    )
    page = (await mira.page("/services/letters?done=service-added")).text
    assert "Added. People can choose it now." in page
    assert 'value="Sent back"' in page


async def test_a_form_that_needs_another_look_comes_back_as_it_was_typed(mira: Browser) -> None:
    sent = await mira.sends("/services", name_en="", letter="C", target_wait="soon", typical_service="6")
    assert sent.status_code == 422
    assert "2 fields need another look." in sent.text
    assert "Please give a name." in sent.text
    assert "A whole number of minutes" in sent.text
    assert 'value="soon"' in sent.text
    taken = await mira.sends("/services", name_en="Letters", letter="A", target_wait="5", typical_service="6")
    assert (taken.status_code, "Another service has this letter." in taken.text) == (422, True)
    assert 'value="Letters"' in taken.text


async def test_a_form_sent_twice_adds_one_service(mira: Browser) -> None:
    form = {"name_en": "Letters", "letter": "C", "target_wait": "10", "typical_service": "6"}
    first, again = [await mira.sends("/services", key="the same", **form) for _ in range(2)]
    assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert (await mira.page("/services")).text.count(">Letters<") == 1


async def test_what_is_typed_is_text_on_the_page(mira: Browser) -> None:
    name = '<b>Bold</b> & "quoted" \''
    await mira.sends("/services", name_en=name, letter="C", target_wait="10", typical_service="6")
    page = (await mira.page("/services")).text
    assert "<b>Bold</b>" not in page
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; &#34;quoted&#34; &#39;" in page


async def test_a_field_that_no_page_has_is_refused(mira: Browser) -> None:
    assert (await mira.sends("/services/renewals/pause", archived="yes")).status_code == 422


async def test_an_archived_service_whose_letter_is_gone_asks_for_a_new_one(mira: Browser) -> None:
    await mira.sends("/services/renewals/archive")
    await mira.sends("/services", name_en="Letters", letter="B", target_wait="10", typical_service="6")
    refused = await mira.sends("/services/renewals/archive/end")
    assert (refused.status_code, "Another service has this letter." in refused.text) == (422, True)
    form = {"name_en": "Renewals", "letter": "D", "target_wait": "10", "typical_service": "6"}
    await mira.sends("/services/renewals", **form)
    assert (await mira.sends("/services/renewals/archive/end")).status_code == 303


async def test_outcomes_show_the_digit_that_chooses_them(mira: Browser) -> None:
    await mira.sends("/services/renewals/outcomes", name_en="Done")
    await mira.sends("/services/renewals/outcomes", name_en="Come back", name_fr="Revenir")
    page = (await mira.page("/services/renewals")).text
    assert re.findall(r"<kbd>(\d)</kbd>", page) == ["1", "2"]
    again = await mira.sends("/services/renewals/outcomes", name_en="Done")
    assert (again.status_code, "This name is there already." in again.text) == (422, True)


async def test_a_counter_works_some_services_or_all(mira: Browser, office: Office) -> None:
    none = await mira.sends("/counters", label="9", works="some")
    assert (none.status_code, "Choose at least one service" in none.text) == (422, True)
    assert (await mira.sends("/counters", label="9", works="some", services="renewals")).status_code == 303
    three = office.counters["3"]
    assert (await mira.sends(f"/counters/{three}", label="3", works="all")).status_code == 303
    page = (await mira.page(f"/counters/{three}")).text
    assert re.search(r'value="all" checked', page)


async def test_hours_are_typed_as_on_the_door(mira: Browser) -> None:
    wrong = await mira.sends("/hours", always="no", mon="8 till noon")
    assert (wrong.status_code, 'value="8 till noon"' in wrong.text) == (422, True)
    await mira.sends("/hours", always="no", mon="8:00 – 12:30, 13:30-16:00")
    assert 'value="08:00-12:30, 13:30-16:00"' in (await mira.page("/branch")).text
    await mira.sends("/closures", day="2026-12-25")
    assert "Friday 25 December 2026" in (await mira.page("/branch")).text
    await mira.sends("/closures/2026-12-25/end")
    assert "Friday 25 December 2026" not in (await mira.page("/branch")).text


async def test_an_invitation_is_shown_once(mira: Browser, office: Office) -> None:
    invited = await mira.sends("/people", key="one", name="Zainab", role="agent")
    link = _link(invited)
    assert link.startswith("http://harbour.example/staff/enter#")
    assert '<svg class="qr"' in invited.text
    assert invited.headers["cache-control"] == "no-store"
    assert link.partition("#")[2] not in (await mira.page("/people")).text
    assert _link(await mira.sends("/people", key="one", name="Zainab", role="agent")) == link
    entered = await office.http.post("/staff/enter", data={"token": link.partition("#")[2]})
    assert (entered.status_code, entered.headers["location"]) == (303, "/staff/password")


async def test_a_new_link_lets_in_who_forgot_their_password(mira: Browser, office: Office) -> None:
    for _ in range(2):
        link = _link(await mira.sends(f"/people/{office.ids['Ken']}/link"))
        ken = {"origin": "http://harbour.example"}
        entered = await office.http.post("/staff/enter", data={"token": link.partition("#")[2]}, headers=ken)
        assert entered.headers["location"] == "/staff/password"
        ken["cookie"] = entered.headers["set-cookie"].partition(";")[0]
        chosen = {"login": "ken", "password": "four words are best"}
        assert (await office.http.post("/staff/password", data=chosen, headers=ken)).status_code == 303


async def test_a_manager_offers_no_role_above_their_own(mira: Browser) -> None:
    assert 'value="admin"' not in (await mira.page("/people/new")).text
    refused = await mira.sends("/people", name="Root", role="admin")
    assert (refused.status_code, "An admin can give this role." in refused.text) == (422, True)


async def test_who_is_removed_is_signed_out(office: Office, mira: Browser) -> None:
    ken = await office.signed_in("Ken")
    removed = await mira.sends(f"/people/{office.ids['Ken']}/removal")
    assert removed.headers["location"] == "/setup/harbour/people?done=person-removed"
    answer = await office.http.get("/counter", headers={"cookie": f"session={ken.token}"})
    assert answer.headers["location"] == "/staff?next=/counter"


async def test_a_screen_is_added_with_its_link_and_revoked(office: Office, mira: Browser) -> None:
    added = await mira.sends("/devices", kind="kiosk", name="Side door")
    token = _link(added).partition("/pair#")[2]
    paired = await office.http.post("/pair", data={"token": token})
    assert paired.headers["location"] == "/kiosk"
    cookie = {"cookie": paired.headers["set-cookie"].partition(";")[0]}
    assert (await office.http.get("/kiosk", headers=cookie)).status_code == 200
    device = re.findall(r"/devices/(\w+)/revocation", (await mira.page("/devices")).text)
    for each in device:
        await mira.sends(f"/devices/{each}/revocation")
    assert (await office.http.get("/kiosk", headers=cookie)).status_code == 403
    assert "The door is waiting for its screen" in (await mira.page("/devices")).text


async def test_a_branch_of_one_language_is_asked_for_one(sqlite_pattern: str, tmp_path: Path) -> None:
    file = re.sub(r"\{ en = (\"[^\"]+\"), fr = \"[^\"]+\" \}", r"\1", harbour()).replace('["en", "fr"]', '["en"]')
    async with office_of(copy_of(sqlite_pattern, tmp_path), tmp_path, file) as office:
        mira = await office.signed_in("Mira")
        page = (await mira.page("/services/new-passport")).text
        assert 'name="name_en" value="New passport"' in page
        assert "name_fr" not in page
        assert "(English)" not in page


def _link(page: httpx.Response) -> str:
    found = re.search(r'id="link" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]
