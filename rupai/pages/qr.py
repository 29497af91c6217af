"""QR codes as the path of an SVG, so that a page can draw them without inline styles or scripts."""

from dataclasses import dataclass

import segno

_QUIET_ZONE = 4


@dataclass(frozen=True, slots=True)
class QrCode:
    """``path`` draws the dark squares in a view box of ``size`` by ``size`` units, quiet zone included."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """Draw a text with medium error correction."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=_QUIET_ZONE)]
    squares = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return QrCode(len(rows), "".join(squares))
