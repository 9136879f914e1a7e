"""A branch's own colour: the night field under white words, and whether it is dark enough to be read on from afar."""

import re

HEX = re.compile(r"#[0-9a-f]{6}")
NEEDED = 11.0  # white on it, to one; the quiet words on it are then still 7:1, which a lobby needs
STEPS = 100  # from the colour to black


def contrast(colour: str) -> float:
    """White on "#rrggbb", to one: 1 on white, 21 on black (WCAG 2.2, "contrast ratio")."""
    return 1.05 / (_luminance(_channels(colour)) + 0.05)


def is_dark_enough(colour: str) -> bool:
    return contrast(colour) >= NEEDED


def darker(colour: str) -> str:
    """The lightest shade of the same colour that is dark enough."""
    channels = _channels(colour)
    for step in range(STEPS + 1):
        shade = "#" + "".join(f"{channel * (STEPS - step) // STEPS:02x}" for channel in channels)
        if is_dark_enough(shade):
            return shade
    return "#000000"


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(channels: tuple[int, ...]) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
