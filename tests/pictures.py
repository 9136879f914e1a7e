"""Small pictures made by hand: what a manager may send as a logo, and what somebody else might."""

import zlib

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png(width: int = 2, height: int = 2, *, beside: bytes = b"", pixels: bytes | None = None) -> bytes:
    """Grey pixels; `beside`: chunks between the header and the pixels."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = pixels if pixels is not None else bytes((width + 1) * height)
    parts = chunk(b"IHDR", header) + beside + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def jpeg(width: int = 2, height: int = 2, *, beside: bytes = b"") -> bytes:
    """The frame of one; `beside`: segments before it."""
    frame = segment(0xC0, bytes([8]) + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([1, 1, 0x11, 0]))
    return SOI + beside + frame + segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\x34" + EOI
