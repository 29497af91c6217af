"""The Overview: figures of a period, whole, as a fragment, and live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from analytics import selectors
from analytics.selectors import Figures, Period
from analytics.services import rollups
from payments.models import Payment
from payments.selectors import demo_progress
from rupai.core import clock
from rupai.core.currencies import CURRENCIES
from rupai.pages import formats
from rupai.pages.live import LiveView, live
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import index
from rupai.pages.rendering import render_page

USUAL = "7d"
RECENT = 8
# Sums that are so many events behind the log are marked as not up to date.
BEHIND = 500
SCOPE = "payments:read"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the strip; ``kind`` is money, count or rate, ``good`` the welcome way of its change."""

    label: str
    kind: str
    now: int | float | None
    before: int | float | None
    series: list[int]
    url: str
    note: str
    good: str = "up"


@index
def overview(request: HttpRequest) -> HttpResponseBase:
    """Show the figures of the place where the person works."""
    asked = request.GET.get("range", USUAL)
    currency = request.GET.get("currency", "")
    if asked not in selectors.RANGES or (currency and currency not in CURRENCIES):
        messages.error(request, "There is no such range or currency, so the usual one is shown.")
        return HttpResponseRedirect(reverse("admin:index"))
    if not actor_of(request).may(SCOPE):
        return render_page(request, "analytics/nothing.html", {}, title="Overview")
    place = place_of(request)
    zone = timezone.get_current_timezone_name()
    context = overview_of(place.merchant_id, place.livemode, asked=asked, currency=currency, zone=zone)
    context["place"] = place
    return render_page(
        request, "analytics/overview.html", context, title="Overview", fragment="analytics/_overview.html"
    )


@live("overview", scope=SCOPE, range="|".join(selectors.RANGES), currency="[A-Z]{3}")
def overview_text(view: LiveView) -> str:
    """The Overview's figures for everybody who looks at the same ones."""
    with timezone.override(ZoneInfo(view.zone)):
        context = overview_of(
            view.merchant_id,
            view.livemode,
            asked=view.option("range", USUAL),
            currency=view.option("currency", ""),
            zone=view.zone,
        )
        return render_to_string("analytics/_overview.html", context)


def overview_of(merchant_id: UUID | None, livemode: bool, *, asked: str, currency: str, zone: str) -> dict[str, Any]:
    """What the fragment shows; depends on nothing but these arguments, the time and the database."""
    known = selectors.currencies(merchant_id=merchant_id, livemode=livemode)
    chosen = currency or (known[0] if known else "")
    period = selectors.period_of(asked, now=clock.now(), zone=ZoneInfo(zone))
    found = selectors.figures(merchant_id=merchant_id, livemode=livemode, currency=chosen, period=period)
    behind, counted_to = rollups.lag()
    payments = Payment.objects.filter(livemode=livemode)
    if merchant_id is not None:
        payments = payments.filter(merchant_id=merchant_id)
    return {
        "found": found,
        "figures": _figures(found),
        "ranges": [
            {"words": words, "url": _here(name, chosen), "current": name == asked}
            for name, words in selectors.NAMES.items()
        ],
        "currencies": [{"code": code, "url": _here(asked, code), "current": code == chosen} for code in known],
        "chart": _chart(found),
        "recent": list(payments.select_related("customer").order_by("-created_at", "-id")[:RECENT]),
        "list_url": reverse("admin:payments_payment_changelist"),
        "progress": _progress(),
        "behind": behind if behind > BEHIND else 0,
        "counted_to": counted_to,
        "live": urlencode({"topic": "overview", "range": asked, **({"currency": chosen} if chosen else {})}),
    }


def _progress() -> Any:
    found = demo_progress()
    return found if found is not None and not found.finished else None


def _here(asked: str, currency: str) -> str:
    query = {"range": asked, **({"currency": currency} if currency else {})}
    return f"{reverse('admin:index')}?{urlencode(query)}"


def _figures(found: Figures) -> list[Figure]:
    now, period, currency = found.now, found.period, found.currency
    payments = _list("payments_payment", period, currency=currency)
    failed = _list("payments_payment", period, currency=currency, status="failed")
    captures = _list("payments_capture", period, currency=currency, state="succeeded")
    refunds = _list("payments_refund", period, currency=currency, state="succeeded")
    decided = formats.write_count(now["succeeded_count"] + now["failed_count"])
    given_back = f"{formats.short_money(now['refunded_amount'], currency)} given back" if currency else ""
    rate = Figure(
        "Success rate",
        "rate",
        found.success_rate,
        found.success_rate_before,
        _rates(found.series),
        payments,
        f"of {decided} with an outcome",
    )
    return [
        _figure(found, "Gross volume", "money", "captured_amount", captures, "captured"),
        _figure(found, "Payments", "count", "created_count", payments, "created"),
        rate,
        _figure(found, "Failed", "count", "failed_count", failed, "declined", good="down"),
        _figure(found, "Refunds", "count", "refunded_count", refunds, given_back, good="down"),
    ]


def _figure(found: Figures, label: str, kind: str, name: str, url: str, note: str, *, good: str = "up") -> Figure:
    before = found.before[name] if found.before is not None else None
    return Figure(label, kind, found.now[name], before, found.series[name], url, note, good)


def _rates(series: dict[str, list[int]]) -> list[int]:
    """Success per bucket in thousandths; a bucket without outcomes repeats the one before it."""
    rates: list[int] = []
    for good, bad in zip(series["succeeded_count"], series["failed_count"], strict=True):
        rates.append(1000 * good // (good + bad) if good + bad else (rates[-1] if rates else 0))
    return rates


def _list(name: str, period: Period, **filters: str) -> str:
    query = {
        "from": _moment(period.start),
        "to": _moment(period.end),
        **{key: text for key, text in filters.items() if text},
    }
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode(query)}"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


WIDTH, HEIGHT = 720, 220


def _chart(found: Figures) -> dict[str, Any]:
    """The volume chart as SVG: points of two lines in one scale, with a few labels on each axis."""
    good, bad = found.series["succeeded_count"], found.series["failed_count"]
    top = _round_up(max([*good, *bad, 1]))
    step = WIDTH / max(1, len(good) - 1)

    def points(values: list[int]) -> str:
        return " ".join(f"{place * step:.1f},{HEIGHT - HEIGHT * value / top:.1f}" for place, value in enumerate(values))

    every = max(1, len(found.labels) // 6)
    shown = [(place * step, label) for place, label in enumerate(found.labels) if place % every == 0]
    return {
        "good": points(good),
        "area": f"0,{HEIGHT} {points(good)} {WIDTH},{HEIGHT}",
        "bad": points(bad),
        "top": top,
        "lines": [{"y": HEIGHT - HEIGHT * part / 4, "value": top * part // 4} for part in range(5)],
        "labels": [{"x": x, "at": label, "hours": found.period.hours} for x, label in shown],
        "rows": list(zip(found.labels, good, bad, strict=True)),
        "width": WIDTH,
        "height": HEIGHT,
        "empty": not any(good) and not any(bad),
    }


def _round_up(value: int) -> int:
    """The next number that four equal steps reach in whole ones."""
    size = 4
    while size < value:
        size *= 2 if str(size)[0] in "48" else 5
        if size >= value:
            break
    return size
