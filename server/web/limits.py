"""Honest caps that let a whole lobby behind one address through: per door first, per address last and high."""

from dataclasses import dataclass
from math import ceil

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute

from server.domain.errors import TooMany
from server.web.counters import Counters

JOINS_PER_DEVICE = RateLimitItemPerMinute(1200)  # twenty a second: more than walk through any door
JOINS_PER_ADDRESS = RateLimitItemPerMinute(6000)
SIGN_INS_PER_LOGIN = RateLimitItemPerMinute(8)  # slower, never locked out
SIGN_INS_PER_ADDRESS = RateLimitItemPerMinute(120)
CODES_PER_PERSON = RateLimitItemPerHour(20)  # of a million, three of which are good at a time
CODES_PER_ADDRESS = RateLimitItemPerMinute(600)
SHORT_CODES_PER_TICKET = RateLimitItemPerHour(10)  # six characters are guessable when asked often enough
LINKS_PER_ADDRESS = RateLimitItemPerMinute(60)
REFUSALS_PER_ADDRESS = RateLimitItemPerMinute(3000)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the counters said. An action asks it late, once it knows that it does not answer a request again."""

    retry_after: int = 0  # seconds; 0: one more is let through

    def admit(self) -> None:
        """TooMany with the seconds to wait when this one was one too many."""
        if self.retry_after:
            raise TooMany(retry_after=self.retry_after)


class Limits:
    """The caps, over counters of this process or of all."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def hit(self, item: RateLimitItem, *who: str) -> None:
        """Count one; TooMany when that was one too many."""
        (await self.count(item, *who)).admit()

    async def count(self, item: RateLimitItem, *who: str) -> Verdict:
        return Verdict(ceil(await self._counters.hit(item, *who)))

    async def count_join(self, branch_id: str, address: str, device: str | None) -> Verdict:
        """`device`: the door whose code or pass was shown, and no forged one: it would use up the door's allowance."""
        if device:
            verdict = await self.count(JOINS_PER_DEVICE, "join", branch_id, device)
            if verdict.retry_after:
                return verdict
        return await self.count(JOINS_PER_ADDRESS, "join", branch_id, address)

    async def close(self) -> None:
        await self._counters.close()
