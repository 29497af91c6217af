"""QR codes as SVG paths."""

import re

import pytest

from rupai.pages.qr import qr_code

pytestmark = pytest.mark.unit


def test_a_code_has_its_three_finders_and_a_quiet_zone() -> None:
    drawn = qr_code("otpauth://totp/RupAI:ann@example.com?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    squares = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn.path)}
    assert f"M{4} {4}h1v1h-1z" in drawn.path
    far = drawn.size - 4 - 7
    for left, top in ((4, 4), (far, 4), (4, far)):
        ring = {(left + side, top + step) for side in (0, 6) for step in range(7)}
        core = {(left + x, top + y) for x in (2, 3, 4) for y in (2, 3, 4)}
        gap = {(left + 1, top + step) for step in range(1, 6)}
        assert ring | core <= squares
        assert not gap & squares
    assert all(4 <= x < drawn.size - 4 and 4 <= y < drawn.size - 4 for x, y in squares)
    assert (drawn.size - 8 - 17) % 4 == 0


def test_another_text_is_another_code() -> None:
    assert qr_code("one").path != qr_code("two").path
