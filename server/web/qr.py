"""A QR code as one small SVG: ink on white, with its quiet zone, coloured by the page's own style sheet."""

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE = 4  # modules of white around it, as ISO/IEC 18004 asks


def svg(text: str) -> str:
    """Draw `text` as an SVG element of class "qr", one unit per module; the page gives it its size and its label.

    Error correction M keeps a code readable with 15 % of it lost to glare on a screen. ValueError when it is too long.
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    matrix = code.get_matrix()
    size = len(matrix)
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#11183a" d="{_path(matrix)}"/></svg>'
    )


def _path(matrix: list[list[bool]]) -> str:
    """All dark modules as horizontal runs, each moved to from the end of the last: half the bytes of absolute moves."""
    path, at_x, at_y = [], 0, 0
    for y, row in enumerate(matrix):
        for start, end in _runs(row):
            path.append(f"m{start - at_x} {y - at_y}h{end - start}v1h{start - end}z")
            at_x, at_y = start, y
    return "".join(path)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Start and end of every run of dark modules in one row."""
    edges = [x for x in range(len(row) + 1) if (x < len(row) and row[x]) != (x > 0 and row[x - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))
