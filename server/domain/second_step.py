"""The second step of signing in: six digits from an app, new every half minute, and recovery codes for a lost phone.

The digits are those of RFC 6238 with what every app takes for granted: SHA-1, 30 seconds, six digits. They are
made from what is derived from the installation's key (`Presence.sign_in_key`): the database alone gives away nothing.
"""

import hmac
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from server.domain.base import to_ms

STEP_SECONDS = 30
SKEW = 1  # steps: a phone's clock may be half a minute behind or ahead of ours
DIGITS = 6
KEY_BYTES = 20  # RFC 4226, section 4: the length of SHA-1's own answer
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
RECOVERY_LENGTH = 12  # 59 bits
GROUP = 4


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app is told once: `address` as a QR, or `typed` by hand."""

    address: str
    typed: str


def enrolment(key: bytes, account: str, issuer: str) -> Enrolment:
    """The key as an app takes it, by the address format that all of them read (otpauth, as Google's has it)."""
    secret = b32encode(key).decode().rstrip("=")
    asked = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return Enrolment(f"otpauth://totp/{quote(f'{issuer}:{account}')}?{asked}", grouped(secret))


def digits_at(key: bytes, step: int) -> str:
    """RFC 4226, section 5.3, with the time step for its counter."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_at(now: datetime) -> int:
    return to_ms(now) // 1000 // STEP_SECONDS


def step_of(key: bytes, typed: str, now: datetime, used: int | None) -> int | None:
    """Which step's digits these are: now's or one beside it; None for any other, and for one `used` already."""
    given = plain(typed)
    for step in range(step_at(now) - SKEW, step_at(now) + SKEW + 1):
        fresh = used is None or step > used
        if hmac.compare_digest(digits_at(key, step).encode(), given.encode()) and fresh:
            return step
    return None


def recovery_codes(pick: Callable[[str], str]) -> list[str]:
    """Fresh ones, written in groups as they are shown. `pick`: chooses one letter of an alphabet, unguessably."""
    return [
        grouped("".join(pick(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)), "-") for _ in range(RECOVERY_CODES)
    ]


def grouped(text: str, by: str = " ") -> str:
    return by.join(text[n : n + GROUP] for n in range(0, len(text), GROUP))


def plain(typed: str) -> str:
    """As it was before somebody typed it: in groups, in capitals, with digits of another script."""
    letters = (str(int(letter)) if letter.isdecimal() else letter.lower() for letter in typed)
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())


def is_recovery(typed: str) -> bool:
    return len(plain(typed)) > DIGITS
