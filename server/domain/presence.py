"""Proofs without storage: the door's rotating code, a phone's pass, a ticket's secret.

code    = device "." step in base 36 "." MAC(branch, device, step)      a new step every 30 s, good for two more
pass    = visitor "." device "." minted (ms, base 36) "." MAC(branch, …)  15 minutes, one join
secret  = MAC(ticket, generation), 128 bits; a new generation revokes it
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.base import from_ms, to_ms
from server.domain.errors import CodeRefused, PassRefused, Refusal
from server.domain.second_step import KEY_BYTES

STEP_SECONDS = 30
GRACE_STEPS = 2
PASS_DOTS = 3  # a code has two
PASS_LIFE = timedelta(minutes=15)
LONGEST_STEP = 12  # digits; a number of thousands of them takes long, and then fails
CODE_BYTES = 9  # 72 bits, online guessing only, for 90 s
SECRET_BYTES = 16
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
SHORT_ALPHABET = "23456789CFGHJMPQRVWX"  # no vowels, nothing that looks like something else
SHORT_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Code:
    """What a kiosk's or lobby's QR carries; `until` is when the screen should show the next one."""

    text: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Pass:
    """The right of one visitor to join once; `id` is the same for every copy of it."""

    id: str
    visitor: str
    device: str
    until: datetime


class Presence:
    """Everything that is derived from the installation's key. `key`: at least 128 random bits."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def alias(self, text: str) -> str:
        """Another name for `text`, the same in every process of the installation; nobody else can find either by it."""
        return self._mac("alias", text)

    def code(self, branch: str, device: str, now: datetime) -> Code:
        step = to_ms(now) // 1000 // STEP_SECONDS
        return Code(
            f"{device}.{_b36(step)}.{self._code_mac(branch, device, step)}", from_ms((step + 1) * STEP_SECONDS * 1000)
        )

    def read_code(self, branch: str, text: str, now: datetime) -> str:
        """The device whose code this is; CodeRefused when it is old, altered or another branch's."""
        device, step = self._split(text)
        mac = text.rsplit(".", 1)[-1]
        if not _same(mac, self._code_mac(branch, device, step)):
            raise CodeRefused("code-foreign")
        age = to_ms(now) // 1000 // STEP_SECONDS - step
        if (
            not -GRACE_STEPS <= age <= GRACE_STEPS
        ):  # negative: this clock was set back, or the screen's process runs ahead
            raise CodeRefused("code-expired")
        return device

    def mint_pass(self, branch: str, visitor: str, device: str, now: datetime) -> str:
        body = f"{visitor}.{device}.{_b36(to_ms(now))}"
        return f"{body}.{self._mac('pass', branch, body)}"

    def read_pass(self, branch: str, text: str, now: datetime) -> Pass:
        """The pass behind `text`; PassRefused when it is too old or not one of this branch."""
        body, _, mac = text.rpartition(".")
        if not _same(mac, self._mac("pass", branch, body)):
            raise PassRefused("pass-needed")
        visitor, device, minted = body.split(".")
        at = from_ms(int(minted, 36))
        if now > at + PASS_LIFE:
            raise PassRefused("pass-expired")
        return Pass(mac, visitor, device, at + PASS_LIFE)

    def device_of(self, branch: str, proof: str | None, now: datetime) -> str | None:
        """The door behind a good code or pass; None for anything else, whatever door it names."""
        try:
            return self.read_proof(branch, proof or "", now).device
        except Refusal:
            return None

    def read_proof(self, branch: str, text: str, now: datetime) -> Pass:
        """A pass, or the door's code itself (a new visitor each time, with no id of its own)."""
        if text.count(".") == PASS_DOTS:
            return self.read_pass(branch, text, now)
        return Pass("", "", self.read_code(branch, text, now), now)

    def secret(self, ticket: str, generation: int) -> str:
        return self._mac("ticket", ticket, str(generation), size=SECRET_BYTES)

    def holds(self, secret: str, ticket: str, generation: int) -> bool:
        return _same(secret, self.secret(ticket, generation))

    def short_code(self, ticket: str, generation: int) -> str:
        """Six characters to type into another phone, together with the number and a fresh door code."""
        value = int.from_bytes(self._digest("short", ticket, str(generation))[:8], "big")
        letters = []
        for _ in range(SHORT_LENGTH):
            value, rest = divmod(value, len(SHORT_ALPHABET))
            letters.append(SHORT_ALPHABET[rest])
        return "".join(letters)

    def sign_in_key(self, staff_id: str, salt: str) -> bytes:
        """What an app on a phone makes this person's sign-in codes from; stored nowhere here."""
        return self._digest("sign-in codes", staff_id, salt)[:KEY_BYTES]

    def sign(self, purpose: str, text: str) -> str:
        """`text` with a MAC behind it, for cookies; `unsign` is its inverse."""
        return f"{text}.{self._mac(purpose, text)}"

    def unsign(self, purpose: str, signed: str) -> str | None:
        text, _, mac = signed.rpartition(".")
        return text if text and _same(mac, self._mac(purpose, text)) else None

    def _split(self, text: str) -> tuple[str, int]:
        try:
            device, step, _ = text.split(".")
            return device, int(step[:LONGEST_STEP], 36)
        except ValueError:
            raise CodeRefused("code-altered") from None

    def _code_mac(self, branch: str, device: str, step: int) -> str:
        return self._mac("code", branch, device, str(step), size=CODE_BYTES)

    def _mac(self, *parts: str, size: int = SECRET_BYTES) -> str:
        return urlsafe_b64encode(self._digest(*parts)[:size]).rstrip(b"=").decode()

    def _digest(self, *parts: str) -> bytes:
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.digest(self._key, _bytes(text), hashlib.sha256)


def _same(a: str, b: str) -> bool:
    return hmac.compare_digest(_bytes(a), _bytes(b))


def _bytes(text: str) -> bytes:
    """Whatever somebody sends: half a surrogate pair is no reason to fail."""
    return text.encode(errors="surrogatepass")


def _b36(number: int) -> str:
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
        if not number:
            return text
