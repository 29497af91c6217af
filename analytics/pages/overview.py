"""The Overview: figures of a period, whole, as a fragment, and live."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from analytics.selectors import overview as selectors
from analytics.selectors.overview import Figures, Period
from analytics.services import rollups
from payments.models import Payment
from payments.selectors import demo_progress, payments_of
from rupai.accounts.models import Merchant
from rupai.accounts.selectors import merchants_with
from rupai.core import clock
from rupai.core.actor import Actor, Kind
from rupai.core.currencies import CURRENCIES
from rupai.pages import drawing, formats
from rupai.pages.attention import open_matters
from rupai.pages.bases import person
from rupai.pages.live import LiveView, live
from rupai.pages.place import actor_of, choices, place_of
from rupai.pages.registry import index
from rupai.pages.rendering import render_page

USUAL = "7d"
RECENT = 8
# So many other merchants are offered at a place without payments.
ELSEWHERE = 6
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
    context = overview_of(viewer_of(actor_of(request)), asked=asked, currency=currency, zone=zone)
    context["place"] = place
    if not context["recent"]:
        context["elsewhere"] = _elsewhere(request)
    return render_page(
        request, "analytics/overview.html", context, title="Overview", fragment="analytics/_overview.html"
    )


@live("overview", scope=SCOPE, by_role=True, range="|".join(selectors.RANGES), currency="[A-Z]{3}")
def overview_text(view: LiveView) -> str:
    """The Overview's figures for everybody who looks at the same ones."""
    with timezone.override(ZoneInfo(view.zone)):
        context = overview_of(
            _viewer(view.merchant_id, view.livemode, view.scopes),
            asked=view.option("range", USUAL),
            currency=view.option("currency", ""),
            zone=view.zone,
        )
        return render_to_string("analytics/_overview.html", context)


def viewer_of(actor: Actor) -> Actor:
    """Anybody with an actor's scopes at its place: who it is must not change the text that many share."""
    return _viewer(actor.merchant_id, actor.livemode, actor.scopes)


def _viewer(merchant_id: UUID | None, livemode: bool, scopes: Iterable[str]) -> Actor:
    granted = frozenset(scopes)
    kind: Kind = "platform" if "*" in granted else "user"
    return Actor(kind, "", merchant_id, livemode, granted, "console")


def overview_of(viewer: Actor, *, asked: str, currency: str, zone: str) -> dict[str, Any]:
    """What the fragment shows; depends on nothing but these arguments, the time and the database."""
    merchant_id, livemode = viewer.merchant_id, viewer.livemode
    known = selectors.currencies(merchant_id=merchant_id, livemode=livemode)
    chosen = currency or (known[0] if known else "")
    period = selectors.period_of(asked, now=clock.now(), zone=ZoneInfo(zone))
    found = selectors.figures(merchant_id=merchant_id, livemode=livemode, currency=chosen, period=period)
    behind, counted_to = rollups.lag()
    payments = payments_of(viewer).filter(livemode=livemode)
    # Keys are ordered by time: over all merchants their index serves, which has nothing but the key.
    newest = ["-pk"] if merchant_id is None else ["-created_at", "-pk"]
    return {
        "found": found,
        "figures": _figures(found),
        "ranges": [
            {"words": words, "url": _here(name, chosen), "current": name == asked}
            for name, words in selectors.NAMES.items()
        ],
        "currencies": [{"code": code, "url": _here(asked, code), "current": code == chosen} for code in known],
        "chart": drawing.two_lines(found.labels, found.series["succeeded_count"], found.series["failed_count"]),
        "matters": open_matters(viewer),
        "recent": list(payments.select_related("customer").order_by(*newest)[:RECENT]),
        "list_url": reverse("admin:payments_payment_changelist"),
        "progress": _progress(),
        "behind": behind if behind > BEHIND else 0,
        "counted_to": counted_to,
        "live": urlencode({"topic": "overview", "range": asked, **({"currency": chosen} if chosen else {})}),
    }


def _elsewhere(request: HttpRequest) -> list[Merchant]:
    """Other merchants with payments in this mode, of those where the person may see them."""
    place, user = place_of(request), person(request)
    others = {each.pk for each in choices(user)} - {place.merchant_id}
    if not user.is_superuser:
        others &= set(merchants_with(user, SCOPE))
    taken = Payment.objects.filter(merchant_id=OuterRef("pk"), livemode=place.livemode)
    return list(Merchant.objects.filter(Exists(taken), pk__in=others).order_by("name")[:ELSEWHERE])


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
