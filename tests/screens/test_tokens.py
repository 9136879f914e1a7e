"""The colours keep their promises: text 7:1 on every ground, edges 3:1, one dark palette, a small file."""

import gzip
import re
from itertools import product
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "server" / "web" / "static"
TOKENS = (STATIC / "tokens.css").read_text()
KB = 1024


def palette(opening: str) -> dict[str, str]:
    """The raw colours declared in the first block that opens so."""
    block = TOKENS[TOKENS.index(opening) :]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block[: block.index("}")]))


LIGHT = palette(":root {")
DARK = LIGHT | palette(':root:not([data-theme="light"])')

TEXTS = [
    *product(("ink", "slate"), ("mist", "paper", "wash")),
    ("indigo", "mist"),
    ("indigo", "paper"),
    ("leaf", "mist"),
    ("leaf", "paper"),
    ("clay", "mist"),
    ("clay", "paper"),
    ("moon", "night"),
    ("ink", "unlit"),
    ("ink", "unlit-on-night"),
]
EDGES = [("edge", "mist"), ("edge", "paper")]


def test_dark_is_the_same_whether_it_is_preferred_or_forced() -> None:
    assert palette(':root:not([data-theme="light"])') == palette(':root[data-theme="dark"]')


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read_by_nearly_everybody(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= 7


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_lit_and_what_is_pressed_can_be_read(colours: dict[str, str]) -> None:
    assert contrast("#11183a", colours["marigold"]) >= 7
    assert contrast("#11183a", colours["amber"]) >= 7
    assert contrast("#ffffff", colours["button"]) >= 4.5
    assert contrast("#ffffff", colours["night"]) >= 11


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_the_edge_of_a_control_can_be_seen(colours: dict[str, str], edge: str, ground: str) -> None:
    assert contrast(colours[edge], colours[ground]) >= 3


def test_black_on_white_is_the_greatest_contrast_there_is() -> None:
    assert round(contrast("#000", "#fff")) == 21


def test_our_styles_are_small() -> None:
    assert len(gzip.compress((TOKENS + (STATIC / "base.css").read_text()).encode())) <= 8 * KB


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    pairs = [digit * 2 for digit in digits] if len(digits) == 3 else re.findall("..", digits)
    parts = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
