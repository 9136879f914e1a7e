"""Codes, passes, secrets and short codes: what proves something, and what is refused whatever it looks like."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.errors import CodeRefused, PassRefused
from server.domain.presence import PASS_LIFE, SHORT_ALPHABET, SHORT_LENGTH, Presence

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOOR = Presence(b"k" * 32)
OTHER = Presence(b"j" * 32)
HOSTILE = [
    "", ".", "..", "...", "....", "door", "door.", ".1.x", "door..x", "door.zz.", "é.1.x", "door.１.x", "door.-1.x",
    "door.1_0.x", "\ud800.1.x", "door.1.\udfff", "a\x00.1.x", "🚪.1.🔑", "door." + "z" * 5000 + ".x",
    "x" * 1_000_000, "." * 10_000, "door.1.x.y", "door.1e9.x", " door . 1 . x ", "door.\u0661.x", "v.d.\u0661.m",
]  # fmt: skip
"""What people, scanners and attackers send."""


def code_at(seconds: float = 0, branch: str = "harbour", device: str = "door") -> str:
    return DOOR.code(branch, device, NOON + timedelta(seconds=seconds)).text


# The door's code


def test_a_code_is_new_every_half_minute_and_says_until_when() -> None:
    assert code_at(0) == code_at(29.9)
    assert code_at(0) != code_at(30)
    assert DOOR.code("harbour", "door", NOON + timedelta(seconds=10)).until == NOON + timedelta(seconds=30)


@pytest.mark.parametrize("seconds", [0, 30, 89.9])
def test_a_code_is_good_for_its_own_step_and_two_more(seconds: float) -> None:
    assert DOOR.read_code("harbour", code_at(), NOON + timedelta(seconds=seconds)) == "door"


@pytest.mark.parametrize("seconds", [90, 3600, -90])
def test_an_older_code_is_not_and_neither_is_one_of_a_far_future(seconds: float) -> None:
    with pytest.raises(CodeRefused, match="code-expired"):
        DOOR.read_code("harbour", code_at(), NOON + timedelta(seconds=seconds))


def test_a_code_of_another_branch_device_or_installation_is_foreign() -> None:
    for text in (
        code_at(branch="hill"),
        code_at(device="wall").replace("wall", "door"),
        OTHER.code("harbour", "door", NOON).text,
    ):
        with pytest.raises(CodeRefused, match="code-foreign"):
            DOOR.read_code("harbour", text, NOON)


def test_every_altered_character_of_a_code_is_noticed() -> None:
    good = code_at()
    for at, was in enumerate(good):
        altered = good[:at] + ("0" if was != "0" else "1") + good[at + 1 :]
        with pytest.raises(CodeRefused):
            DOOR.read_code("harbour", altered, NOON)
    assert DOOR.read_code("harbour", good, NOON) == "door"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_sent_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(CodeRefused):
        DOOR.read_code("harbour", text, NOON)
    with pytest.raises(PassRefused):
        DOOR.read_pass("harbour", text, NOON)
    assert not DOOR.holds(text, "t1", 1)
    assert DOOR.unsign("visitor", text) is None


@given(st.text(st.characters(exclude_categories=()), max_size=80))
@example("v.d.1.m")
def test_no_text_anybody_makes_up_is_believed(text: str) -> None:
    with pytest.raises(CodeRefused):
        DOOR.read_code("harbour", text, NOON)
    with pytest.raises(PassRefused):
        DOOR.read_pass("harbour", text, NOON)


# The pass


def test_a_pass_brings_back_its_visitor_and_device_for_a_quarter_of_an_hour() -> None:
    text = DOOR.mint_pass("harbour", "ada", "door", NOON)
    found = DOOR.read_pass("harbour", text, NOON + PASS_LIFE)
    assert (found.visitor, found.device, found.until) == ("ada", "door", NOON + timedelta(minutes=15))
    assert found.id == DOOR.read_pass("harbour", text, NOON).id
    with pytest.raises(PassRefused, match="pass-expired"):
        DOOR.read_pass("harbour", text, NOON + PASS_LIFE + timedelta(milliseconds=1))


def test_a_pass_of_another_branch_visitor_or_installation_is_none() -> None:
    mine = DOOR.mint_pass("harbour", "ada", "door", NOON)
    forged = (
        DOOR.mint_pass("hill", "ada", "door", NOON),
        OTHER.mint_pass("harbour", "ada", "door", NOON),
        mine.replace("ada", "bob"),
        code_at(),
    )
    for text in forged:
        with pytest.raises(PassRefused, match="pass-needed"):
            DOOR.read_pass("harbour", text, NOON)


def test_a_pass_is_no_code_and_a_cookie_is_no_pass() -> None:
    with pytest.raises(CodeRefused):
        DOOR.read_code("harbour", DOOR.mint_pass("harbour", "ada", "door", NOON), NOON)
    with pytest.raises(PassRefused):
        DOOR.read_pass("harbour", DOOR.sign("pass", "ada.door.1"), NOON)


# The ticket's secret


def test_a_new_generation_revokes_the_secret_and_the_short_code() -> None:
    first = DOOR.secret("t1", 1)
    assert DOOR.holds(first, "t1", 1)
    assert not DOOR.holds(first, "t1", 2)
    assert not DOOR.holds(first, "t2", 1)
    assert not OTHER.holds(first, "t1", 1)
    assert DOOR.short_code("t1", 1) != DOOR.short_code("t1", 2)


def test_a_secret_has_128_bits_and_fits_in_an_address() -> None:
    secret = DOOR.secret("t1", 1)
    assert len(secret) == 22  # 128 bits in base64 without padding
    assert secret.replace("-", "").replace("_", "").isalnum()
    assert len({DOOR.secret(f"t{n}", 1) for n in range(1000)}) == 1000


def test_a_short_code_is_six_characters_that_nobody_confuses() -> None:
    codes = {DOOR.short_code(f"t{n}", 1) for n in range(500)}
    assert all(len(code) == SHORT_LENGTH and set(code) <= set(SHORT_ALPHABET) for code in codes)
    assert len(codes) == 500
    assert not set("01OILSBZAEU") & set(SHORT_ALPHABET)


@given(st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_what_is_signed_comes_back_for_the_same_purpose_alone(text: str, purpose: str) -> None:
    signed = DOOR.sign(purpose, text)
    assert DOOR.unsign(purpose, signed) == (text or None)
    assert DOOR.unsign(purpose + "!", signed) is None
    assert OTHER.unsign(purpose, signed) is None


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert DOOR.secret("t1", 11) != DOOR.secret("t11", 1)
    assert code_at(branch="ab", device="c") != code_at(branch="a", device="bc").replace("bc.", "c.", 1)
