"""Sign-in codes: those of RFC 6238, forgiving about clocks and spaces, and each good once."""

from base64 import b32decode
from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.parse import parse_qs, urlsplit

import pytest

from server.domain import second_step
from server.domain.presence import Presence
from server.domain.second_step import digits_at, enrolment, plain, recovery_codes, step_at, step_of

KEY = b"12345678901234567890"
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B: the last six of its eight digits."""
    assert digits_at(KEY, step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize(("behind", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_wrong(behind: int, good: bool) -> None:
    code = digits_at(KEY, step_at(NOW + timedelta(seconds=30 * behind)))
    assert (step_of(KEY, code, NOW, None) is not None) == good


def test_a_code_that_was_used_and_every_older_one_is_refused() -> None:
    step = step_at(NOW)
    assert step_of(KEY, digits_at(KEY, step), NOW, step - 1) == step
    assert step_of(KEY, digits_at(KEY, step), NOW, step) is None
    assert step_of(KEY, digits_at(KEY, step - 1), NOW, step) is None


@pytest.mark.parametrize("typed", ["123 456", " 123456 ", "123-456", "١٢٣٤٥٦"])
def test_a_code_may_be_typed_as_people_type(typed: str) -> None:
    assert plain(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "x", "12345", "\ud800", "²" * 6, "9" * 5000])
def test_nonsense_is_a_wrong_code_and_no_fault(typed: str) -> None:
    assert step_of(KEY, typed, NOW, None) is None


def test_an_app_learns_the_key_from_the_address() -> None:
    shown = enrolment(KEY, "ken o'neil", "Now Serving")
    parts = urlsplit(shown.address)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Now%20Serving%3Aken%20o%27neil")
    assert b32decode(parse_qs(parts.query)["secret"][0]) == KEY
    assert b32decode(shown.typed.replace(" ", "")) == KEY


def test_whoever_reads_the_database_alone_makes_no_codes() -> None:
    """The key needs the installation's own; another person or another salt has another one."""
    presence = Presence(b"one installation")
    keys = {presence.sign_in_key("ken", "a"), presence.sign_in_key("ken", "b"), presence.sign_in_key("lola", "a")}
    keys.add(Presence(b"another installation").sign_in_key("ken", "a"))
    assert len(keys) == 4
    assert {len(key) for key in keys} == {20}


def test_recovery_codes_cannot_be_taken_for_digits_of_a_phone() -> None:
    letters = cycle(second_step.RECOVERY_ALPHABET)
    codes = recovery_codes(lambda _: next(letters))
    assert (len(codes), codes[0]) == (10, "2345-6789-abcd")
    assert all(second_step.is_recovery(code) for code in codes)
    assert not second_step.is_recovery("123 456")
