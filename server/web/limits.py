"""Honest caps that let a whole lobby behind one address through: per door first, per address last and high."""

from math import ceil
from time import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from server.domain.errors import TooMany

JOINS_PER_DEVICE = RateLimitItemPerMinute(1200)  # twenty a second: more than walk through any door
JOINS_PER_ADDRESS = RateLimitItemPerMinute(6000)
SIGN_INS_PER_LOGIN = RateLimitItemPerMinute(8)  # slower, never locked out
SIGN_INS_PER_ADDRESS = RateLimitItemPerMinute(120)
CODES_PER_ADDRESS = RateLimitItemPerMinute(600)
SHORT_CODES_PER_TICKET = RateLimitItemPerHour(10)  # six characters are guessable when asked often enough
LINKS_PER_ADDRESS = RateLimitItemPerMinute(60)
REFUSALS_PER_ADDRESS = RateLimitItemPerMinute(3000)


class Limits:
    """Counters in memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, item: RateLimitItem, *who: str) -> None:
        """Count one; TooMany with the seconds to wait when that was one too many."""
        if not self._limiter.hit(item, *who):
            reset = self._limiter.get_window_stats(item, *who).reset_time
            raise TooMany(retry_after=max(1, ceil(reset - time())))

    def admit_join(self, branch_id: str, address: str, device: str | None) -> None:
        """For `joining.Joining.admit`."""
        if device:
            self.hit(JOINS_PER_DEVICE, "join", branch_id, device)
        self.hit(JOINS_PER_ADDRESS, "join", branch_id, address)
