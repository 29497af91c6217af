"""Template tags of the console: icons, money, states, times, small charts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html

from rupai.pages import drawing, formats, icons, names
from rupai.pages.frame import Frame, frame_of
from rupai.pages.theme import theme_of

register = template.Library()


@register.simple_tag(takes_context=True)
def console_frame(context: template.Context) -> Frame | None:
    """What stands around the page, or None to people whom the console has not let in."""
    request = context.get("request")
    if request is None or not hasattr(request, "user") or not hasattr(request, "session"):
        return None
    return frame_of(request) if admin.site.has_permission(request) else None


@register.simple_tag(takes_context=True)
def console_theme(context: template.Context) -> str:
    request = context.get("request")
    return theme_of(request) if request is not None else "system"


@register.simple_tag
def icon(name: str, size: int = 18) -> str:
    """Draw a lucide icon."""
    return icons.icon(name, size)


@register.simple_tag
def money(minor: int | None, currency: str) -> str:
    """Write an amount of minor units with sign, grouping, decimals, and the code in small."""
    if minor is None:
        return "—"
    return format_html(
        '<span class="money">{}&nbsp;<small>{}</small></span>', formats.write_money(minor, currency), currency
    )


@register.simple_tag
def short_money(minor: int | None, currency: str) -> str:
    """Write an amount for a figure (₹60.93 L), in full on hover."""
    if minor is None:
        return "—"
    return format_html(
        '<span class="money" title="{}">{}</span>',
        formats.write_money(minor, currency),
        formats.short_money(minor, currency),
    )


@register.simple_tag
def count(number: int | None) -> str:
    """Write a whole number with its commas."""
    return "—" if number is None else formats.write_count(number)


@register.simple_tag
def status(value: Any, tone: str = "") -> str:
    """A badge: the state as a word, and its colour."""
    text = str(value)
    return format_html('<span class="badge {}">{}</span>', tone or formats.tone_of(text), formats.words_of(text))


@register.filter
def spelled(code: str) -> str:
    """A word of the machine's (a method, a provider) as people write it."""
    return names.spelled(code)


@register.simple_tag
def when(moment: datetime | None, style: str = "short") -> str:
    """Write a moment in the person's zone; the zone stands in the title. Styles: short, long, time, date."""
    if moment is None:
        return "—"
    local = timezone.localtime(moment)
    this_year = local.year == timezone.localtime().year
    day = f"{local.day} {local:%b}" + ("" if this_year and style == "short" else f" {local.year}")
    text = {
        "long": f"{day}, {local:%H:%M:%S}",
        "time": f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}",
        "date": day,
    }
    full = f"{local.day} {local:%B %Y, %H:%M:%S} {local.tzname()} ({timezone.get_current_timezone_name()})"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, text.get(style, f"{day}, {local:%H:%M}")
    )


@register.simple_tag
def sparkline(values: Sequence[int | float], label: str) -> str:
    """A line without axes; ``label`` says in words what it shows."""
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline points="{}" vector-effect="non-scaling-stroke" /></svg>',
        drawing.WIDTH,
        drawing.HEIGHT,
        label,
        drawing.line(values),
    )


@register.simple_tag
def bar(part: int | float, whole: int | float, label: str, tone: str = "") -> str:
    """A meter: how much of the whole a part is."""
    share = drawing.per_cent(part, whole)
    return format_html(
        '<svg class="meter {}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}: {}%">'
        '<rect class="meter-all" width="100" height="6" rx="3" />'
        '<rect class="meter-part" width="{}" height="6" rx="3" />'
        "</svg>",
        tone,
        label,
        f"{share:.1f}",
        f"{share:.1f}",
    )


@register.simple_tag
def delta(now: int | float, before: int | float | None, good: str = "up") -> str:
    """The change against the period before: arrow, size, and the word for those who do not see the arrow.

    ``good`` says which way is welcome ("up", "down", or "" for neither) and so decides the colour.
    """
    change = drawing.change(now, before)
    if not change.text:
        return format_html('<span class="delta" title="{}">—</span>', change.words)
    tone = "" if change.way == "same" or not good else ("ok" if change.way == good else "bad")
    arrow = {"up": "▲", "down": "▼", "same": "="}[change.way]
    return format_html(
        '<span class="delta {}"><span aria-hidden="true">{} {}</span><span class="sr-only">{}</span></span>',
        tone,
        arrow,
        change.text,
        change.words,
    )


@register.simple_tag
def public_id(value: str, url: str = "") -> str:
    """An id in fixed-width letters with a button that copies it, linked where an address is given."""
    text = format_html('<a href="{}">{}</a>', url, value) if url else format_html("<span>{}</span>", value)
    return format_html(
        '<span class="public-id mono">{}<button type="button" class="copy" data-copy="{}" aria-label="Copy {}" '
        'title="Copy">{}</button></span>',
        text,
        value,
        value,
        icons.icon("copy", 14),
    )
