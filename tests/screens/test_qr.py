"""What a camera reads from the codes we draw."""

import re

import pytest
import zxingcpp

from server.web import qr

SCALE = 6  # pixels a module
ADDRESS = "https://queue.example.org/d/harbour/1f9a3c-K7QmD2xw0Zs"
RUN = re.compile(r"m(-?\d+) (-?\d+)h(\d+)v1h-\d+z")


def photographed(svg: str) -> memoryview:
    """The drawing as rows of grey pixels: every dark run filled, as a browser would."""
    found = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert found
    side = int(found[1]) * SCALE
    picture = bytearray(b"\xff" * side * side)
    x = y = 0
    for dx, dy, width in RUN.findall(svg):
        x, y = x + int(dx), y + int(dy)
        for row in range(y * SCALE, (y + 1) * SCALE):
            dark = int(width) * SCALE
            picture[row * side + x * SCALE : row * side + x * SCALE + dark] = bytes(dark)
    return memoryview(bytes(picture)).cast("B", (side, side))


@pytest.mark.parametrize("text", [ADDRESS, "A", "http://192.168.1.20:8000/keep#Zq8é–ß", ADDRESS * 6])
def test_a_camera_reads_back_what_was_drawn(text: str) -> None:
    (found,) = zxingcpp.read_barcodes(photographed(qr.svg(text)))
    assert found.text == text


def test_a_code_keeps_its_quiet_zone_so_that_a_dark_page_cannot_swallow_it() -> None:
    picture = photographed(qr.svg(ADDRESS))
    side, light = len(picture), b"\xff"
    edge = qr.QUIET_ZONE * SCALE
    rows = [picture.tobytes()[y * side : (y + 1) * side] for y in range(side)]
    assert all(row == light * side for row in rows[:edge] + rows[-edge:])
    assert all(row[:edge] + row[-edge:] == light * edge * 2 for row in rows)


def test_a_code_is_small_and_carries_no_style_that_a_strict_policy_would_refuse() -> None:
    drawing = qr.svg(ADDRESS)
    assert len(drawing) < 6_000
    assert "style=" not in drawing
