"""A logo is known by its content, bounded, and kept without what a camera or a stranger wrote into it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.domain.picture import LARGEST, NoPicture, picture
from tests.pictures import chunk, jpeg, png, segment

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def refused(sent: bytes) -> str:
    with pytest.raises(NoPicture) as problem:
        picture(sent)
    return problem.value.slug


def test_a_png_and_a_jpeg_are_taken_as_they_are() -> None:
    assert (picture(png()).kind, picture(png()).content) == ("image/png", png())
    assert (picture(jpeg()).kind, picture(jpeg()).content) == ("image/jpeg", jpeg())


def test_where_a_picture_was_taken_is_not_kept() -> None:
    assert picture(png(beside=chunk(b"eXIf", b"6.45 N 3.39 E") + chunk(b"tEXt", b"by Ken"))).content == png()
    assert picture(jpeg(beside=segment(0xE1, b"Exif 6.45 N") + segment(0xFE, b"by Ken"))).content == jpeg()


def test_what_hangs_behind_a_picture_is_cut_off() -> None:
    assert picture(png() + b"<script>").content == png()
    assert picture(jpeg() + b"<script>").content == jpeg()


@pytest.mark.parametrize("sent", [SVG, b"GIF89a", b"", b"<html>", b"RIFF....WEBP"])
def test_anything_else_is_none_whatever_its_name(sent: bytes) -> None:
    assert refused(sent) == "logo-kind"


@pytest.mark.parametrize(
    "sent",
    [
        png()[:-6], png().replace(b"IDAT", b"IDOT"), png(0, 2), jpeg()[:-2], jpeg(2, 0), b"\xff\xd8\xff\xd9",
        png(pixels=bytes(2_000_000)),  # two pixels that unpack to two megabytes
    ],
)  # fmt: skip
def test_what_is_damaged_or_pretends_is_refused(sent: bytes) -> None:
    assert refused(sent) == "logo-damaged"


def test_what_is_too_large_is_refused() -> None:
    assert refused(png(2001, 2)) == refused(jpeg(2, 2001)) == refused(png() + bytes(LARGEST)) == "logo-large"


@given(some.binary(max_size=200), some.integers(0, 60), some.sampled_from([png(), jpeg()]))
def test_nothing_that_anybody_sends_breaks_it(noise: bytes, at: int, whole: bytes) -> None:
    for sent in (whole[:at] + noise, whole[:at] + noise + whole[at:]):
        with suppress(NoPicture):
            assert picture(sent).content.startswith((b"\x89PNG", b"\xff\xd8"))
