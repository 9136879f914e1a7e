"""A logo as it was sent: known by what is in it, never by its name, and kept without what a camera wrote beside it.

A picture here is a PNG or a JPEG. An SVG is a document that may hold scripts and addresses: it is none.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 200 * 1024  # bytes; every phone in the lobby loads it once
LONGEST = 2000  # pixels on a side
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
KEPT_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB"}
FRAMES = {0xC0, 0xC1, 0xC2}  # JPEG: baseline, extended, progressive: where its size stands
APP0, APP14, COMMENT, SCAN = 0xE0, 0xEE, 0xFE, 0xDA


class NoPicture(Exception):
    """Why not: `slug` is "logo-kind", "logo-damaged" or "logo-large"."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(slug)


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind`: its media type."""

    kind: str
    content: bytes


def picture(sent: bytes) -> Picture:
    """The picture in these bytes and nothing else of them; NoPicture when there is none, or it is too large."""
    if len(sent) > LARGEST:
        raise NoPicture("logo-large")
    if sent.startswith(PNG):
        return Picture("image/png", _png(sent))
    if sent.startswith(JPEG):
        return Picture("image/jpeg", _jpeg(sent))
    raise NoPicture("logo-kind")


def _png(sent: bytes) -> bytes:
    chunks = list(_chunks(sent))
    kinds = [kind for kind, _, _ in chunks]
    if not kinds or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or b"IDAT" not in kinds:
        raise NoPicture("logo-damaged")
    header = chunks[0][1]
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    _fits(width, height)
    pixels, most = b"".join(data for kind, data, _ in chunks if kind == b"IDAT"), (width * 8 + 2) * (height + 8)
    try:  # 8 bytes a pixel are the most there are: what unpacks to more was made to fill somebody's memory
        unpacked = zlib.decompressobj()
        if not unpacked.decompress(pixels, most) or unpacked.unconsumed_tail:
            raise NoPicture("logo-damaged")
    except zlib.error:
        raise NoPicture("logo-damaged") from None
    return PNG + b"".join(whole for kind, _, whole in chunks if kind in KEPT_CHUNKS)


def _chunks(sent: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(kind, data, the whole chunk) up to the end of the picture."""
    at = len(PNG)
    while at + 12 <= len(sent):
        length = int.from_bytes(sent[at : at + 4], "big")
        kind, data = sent[at + 4 : at + 8], sent[at + 8 : at + 8 + length]
        whole = sent[at : at + 12 + length]
        if len(whole) < 12 + length or zlib.crc32(kind + data) != int.from_bytes(whole[-4:], "big"):
            raise NoPicture("logo-damaged")
        yield kind, data, whole
        at += 12 + length
        if kind == b"IEND":
            return


def _jpeg(sent: bytes) -> bytes:
    kept, at, sized = [JPEG], len(JPEG), False
    while at + 4 <= len(sent) and sent[at] == 0xFF:
        marker, length = sent[at + 1], int.from_bytes(sent[at + 2 : at + 4], "big")
        segment = sent[at : at + 2 + length]
        if marker == SCAN:
            end = sent.rfind(b"\xff\xd9")
            if end <= at or not sized:
                break
            return b"".join((*kept, sent[at : end + 2]))
        if marker in FRAMES:
            sized = True
            _fits(int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"))
        if marker in (APP0, APP14) or not (APP0 <= marker <= APP0 + 15 or marker == COMMENT):
            kept.append(segment)
        at += 2 + length
    raise NoPicture("logo-damaged")


def _fits(width: int, height: int) -> None:
    if not width or not height:
        raise NoPicture("logo-damaged")
    if max(width, height) > LONGEST:
        raise NoPicture("logo-large")
