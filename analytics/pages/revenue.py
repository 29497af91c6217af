"""Revenue: what was captured, given back and kept as fee by day, week or month, and what is to be expected."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from analytics.pages.revenue_chart import drawings_of, words_of
from analytics.selectors.days import zone_for
from analytics.selectors.overview import currencies
from analytics.selectors.revenue import Period, Revenue, revenue
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.currencies import CURRENCIES
from rupai.core.zones import beginning_of
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page

SCOPE = "analytics:read"
USUAL = "30d"


@dataclass(frozen=True, slots=True)
class Range:
    """So many days with today as the last, how they are cut, how far to look ahead, and what one period is called."""

    words: str
    days: int
    breakdown: str
    ahead: int
    noun: str


RANGES = {
    "30d": Range("30 days", 30, "daily", 7, "day"),
    "26w": Range("26 weeks", 182, "weekly", 4, "week"),
    "12m": Range("12 months", 365, "monthly", 3, "month"),
}


@page("analytics/revenue/", name="revenue", scope=SCOPE)
def revenue_page(request: HttpRequest) -> HttpResponseBase:
    """Show the revenue of the place where the person works, in one currency at a time."""
    asked, currency = request.GET.get("range", USUAL), request.GET.get("currency", "")
    if asked not in RANGES or (currency and currency not in CURRENCIES):
        messages.error(request, "There is no such range or currency, so the usual one is shown.")
        return HttpResponseRedirect(reverse("admin:revenue"))
    context = revenue_of(actor_of(request), asked=asked, currency=currency)
    context["place"] = place_of(request)
    template = "analytics/revenue.html"
    return render_page(request, template, context, title="Revenue", fragment="analytics/_revenue.html")


def revenue_of(actor: Actor, *, asked: str, currency: str) -> dict[str, Any]:
    """What the page shows; every amount of a period leads to the rows it was made of."""
    chosen = RANGES[asked]
    today = clock.now().astimezone(zone_for(actor)).date()
    found = revenue(
        actor=actor,
        start=_first(today, chosen),
        end=today,
        breakdown=chosen.breakdown,
        currency=currency or None,
        forecast_periods=chosen.ahead,
    )
    known = currencies(merchant_id=actor.merchant_id, livemode=actor.livemode)
    running = found.periods[-1]
    whole = [each for each in found.periods if each.end < today]
    return {
        "found": found,
        "known": known,
        "ranges": [
            {"words": each.words, "url": _here(name, currency), "current": name == asked}
            for name, each in RANGES.items()
        ],
        "currencies": [{"code": code, "url": _here(asked, code), "current": code == found.currency} for code in known],
        "noun": chosen.noun,
        "totals": _totals(found),
        "rows": [_row(each, found, chosen, running=each is running) for each in reversed(found.periods)],
        "expected": [{"words": words_of(each.start, chosen.noun), "point": each.point} for each in found.expected],
        "drawings": drawings_of(found, whole=whole, by=chosen.noun),
        "empty": not any(each.gross or each.refunds for each in found.periods),
        "error": round(100 * found.forecast.mape, 1) if found.forecast is not None else None,
    }


def _first(today: date, chosen: Range) -> date:
    """The first day of the range; months and weeks are whole ones, but for the one that is running."""
    first = today - timedelta(days=chosen.days - 1)
    if chosen.breakdown == "monthly":
        return first.replace(day=1)
    return first - timedelta(days=first.weekday()) if chosen.breakdown == "weekly" else first


def _here(asked: str, currency: str) -> str:
    query = {"range": asked, **({"currency": currency} if currency else {})}
    return f"{reverse('admin:revenue')}?{urlencode(query)}"


def _totals(found: Revenue) -> dict[str, Any]:
    first, last = found.periods[0], found.periods[-1]
    names = ("gross", "refunds", "fees", "net")
    sums: dict[str, Any] = {name: sum(getattr(each, name) for each in found.periods) for name in names}
    return {**sums, "series": [each.gross for each in found.periods], **_lists(found, first.start, last.end)}


def _row(period: Period, found: Revenue, chosen: Range, *, running: bool) -> dict[str, Any]:
    words = words_of(period.start, chosen.noun)
    return {"period": period, "words": words, "running": running, **_lists(found, period.start, period.end)}


def _lists(found: Revenue, start: date, end: date) -> dict[str, str]:
    """The captures and the refunds of some days."""
    moments = {
        "from": _moment(beginning_of(start, found.zone)),
        "to": _moment(beginning_of(end + timedelta(days=1), found.zone)),
    }
    query = urlencode({**moments, "currency": found.currency, "state": "succeeded"})
    return {
        name: f"{reverse(f'admin:payments_{model}_changelist')}?{query}"
        for name, model in (("captures", "capture"), ("refunded", "refund"))
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


menu(
    MenuItem(
        title="Revenue",
        icon="trending-up",
        url_name="revenue",
        group="Revenue",
        order=10,
        scope=SCOPE,
    )
)
