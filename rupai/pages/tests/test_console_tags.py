"""How the console writes money, states and times, and draws small charts."""

import zoneinfo
from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.utils import timezone

from rupai.pages import drawing, formats

pytestmark = pytest.mark.unit
MOMENT = datetime(2026, 11, 21, 20, 41, 5, 123000, tzinfo=UTC)


def shown(tag: str, **values: object) -> str:
    return Template("{% load console %}" + tag).render(Context(values))


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (178806, "INR", "₹1,788.06"),
        (123456789, "INR", "₹12,34,567.89"),
        (1000000000000, "INR", "₹10,00,00,00,000.00"),
        (99, "INR", "₹0.99"),
        (123456789, "USD", "$1,234,567.89"),
        (-500, "EUR", "\u2212€5.00"),
        (1200, "JPY", "¥1,200"),
        (1234567, "KWD", "KWD\u00a01,234.567"),
        (0, "INR", "₹0.00"),
    ],
)
def test_amounts_are_written_as_the_currency_wants(minor: int, code: str, text: str) -> None:
    assert formats.write_money(minor, code) == text


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (609_300_000, "INR", "₹60.93\u00a0L"),
        (99_999, "INR", "₹999.99"),
        (100_000, "INR", "₹1.00\u00a0K"),
        (1_234_567_890, "INR", "₹1.23\u00a0Cr"),
        (609_300_000, "USD", "$6.09\u00a0M"),
        (-250_000, "USD", "\u2212$2.50\u00a0K"),
        (5_000_000, "JPY", "¥5.00\u00a0M"),
    ],
)
def test_figures_are_short(minor: int, code: str, text: str) -> None:
    assert formats.short_money(minor, code) == text


def test_a_state_is_a_word_and_a_colour() -> None:
    assert shown('{% status "partially_refunded" %}') == '<span class="badge info">Partially refunded</span>'
    assert shown('{% status "failed" %}') == '<span class="badge bad">Failed</span>'
    assert shown('{% status "never heard of" %}') == '<span class="badge muted">Never heard of</span>'


def test_a_time_is_in_the_persons_zone_and_says_so() -> None:
    with timezone.override(zoneinfo.ZoneInfo("Asia/Kolkata")):
        text = shown('{% when moment "long" %}', moment=MOMENT)
        assert "22 Nov 2026, 02:11:05" in text
        assert "IST (Asia/Kolkata)" in text
        assert 'datetime="2026-11-21T20:41:05.123000+00:00"' in text
        assert ">02:11:05.123<" in shown('{% when moment "time" %}', moment=MOMENT)
    assert shown("{% when moment %}", moment=None) == "—"


def test_what_others_wrote_is_escaped() -> None:
    for tag in ("{% status x %}", "{% public_id x %}", "{% public_id x x %}", "{% bar 1 2 x %}", "{% sparkline v x %}"):
        assert "<b>" not in shown(tag, x='"><b>', v=[1, 2]), tag


def test_a_change_has_an_arrow_and_a_word() -> None:
    assert drawing.change(150, 100) == drawing.Change("up", "50.0%", "up 50.0%")
    assert drawing.change(43, 100) == drawing.Change("down", "57.0%", "down 57.0%")
    assert drawing.change(5, 0).text == ""
    assert '"delta bad"' in shown('{% delta 150 100 "down" %}')
    assert '"delta ok"' in shown("{% delta 150 100 %}")


def test_lines_and_bars_stay_in_their_box() -> None:
    assert drawing.line([]) == ""
    assert drawing.line([0, 10, 5]) == "0.0,22.5 50.0,1.5 100.0,12.0"
    assert drawing.line([7]) == "0.0,22.5 100.0,22.5"
    assert drawing.per_cent(5, 0) == 0
    assert drawing.per_cent(30, 20) == 100
