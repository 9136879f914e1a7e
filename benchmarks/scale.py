"""How much is measured: an everyday run by default, SCALE=full for the long one, SCALE=0.1 for a look."""

import os


def often(usual: int, full: int, least: int = 1) -> int:
    """`usual`, or with SCALE=full the long count, or SCALE=<number> times the usual, never fewer than `least`."""
    scale = os.environ.get("SCALE") or "1"
    return full if scale == "full" else max(least, round(usual * float(scale)))
