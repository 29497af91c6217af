"""All wallets of a place: balances by currency, what came and went by day, and the greatest wallets."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages.drawing import per_cent
from rupai.pages.place import Place, actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from wallets.models import Wallet
from wallets.pages.addresses import holder_of, wallet_url
from wallets.selectors import overview
from wallets.selectors.overview import Flow, Total
from wallets.states import WalletStatus

DAYS, TOP = 30, 8
# A bar's place and width in a drawing of 100 units a day.
_WIDTH, _HEIGHT = 34, 100


@page("wallets/dashboard/", name="wallet_dashboard", scope="wallets:read")
def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Show the wallets of the place where the person works, in one currency at a time."""
    actor, place = actor_of(request), place_of(request)
    totals = overview.totals(actor=actor, livemode=place.livemode)
    asked = request.GET.get("currency", "")
    chosen = next((total for total in totals if total.currency == asked), None) if asked else next(iter(totals), None)
    if asked and chosen is None:
        messages.error(request, "There is no wallet in this currency, so the usual one is shown.")
        return HttpResponseRedirect(reverse("admin:wallet_dashboard"))
    context: dict[str, Any] = {
        "place": place,
        "list_url": reverse("admin:wallets_wallet_changelist"),
        "total": chosen,
        "totals": [_line(total, chosen) for total in totals],
    }
    if chosen is not None:
        context |= _figures(actor, place, chosen)
    return render_page(request, "wallets/dashboard.html", context, title="Wallets overview")


def _line(total: Total, chosen: Total | None) -> dict[str, Any]:
    return {
        "total": total,
        "current": total == chosen,
        "url": f"{reverse('admin:wallet_dashboard')}?{urlencode({'currency': total.currency})}",
        "list": _listed(total),
    }


def _figures(actor: Actor, place: Place, total: Total) -> dict[str, Any]:
    zone = ZoneInfo(place.merchant.timezone) if place.merchant else timezone.get_current_timezone()
    assert isinstance(zone, ZoneInfo)
    at = clock.now()
    days = overview.flows(actor=actor, livemode=place.livemode, currency=total.currency, at=at, zone=zone, days=DAYS)
    rows = overview.greatest(actor=actor, livemode=place.livemode, currency=total.currency)
    return {
        "days": days,
        "incoming": sum(day.incoming for day in days),
        "outgoing": sum(day.outgoing for day in days),
        "between": sum(day.between for day in days),
        "highest": max(max(day.incoming, day.outgoing) for day in days),
        "bars": bars_of(days),
        "box": f"0 0 {100 * len(days)} {_HEIGHT}",
        "zone": zone.key,
        "as_of": at,
        "active_url": _listed(total, status=WalletStatus.ACTIVE),
        "frozen_url": _listed(total, status=WalletStatus.FROZEN),
        "all_url": _listed(total),
        "top": [_top(row, actor) for row in rows.select_related("customer")[:TOP]],
    }


def _listed(total: Total, **filters: str) -> str:
    query = urlencode({"currency": total.currency, **filters})
    return f"{reverse('admin:wallets_wallet_changelist')}?{query}"


def _top(wallet: Wallet, actor: Actor) -> dict[str, Any]:
    return {"wallet": wallet, "url": wallet_url(wallet), "holder": holder_of(wallet, actor)}


def bars_of(days: list[Flow]) -> list[dict[str, str]]:
    """Two bars for each day, as high as their part of the greatest; no movement has no bar."""
    most = max([1, *(max(day.incoming, day.outgoing) for day in days)])
    found = []
    for number, day in enumerate(days):
        for place, (amount, name) in enumerate([(day.incoming, "in"), (day.outgoing, "out")]):
            height = per_cent(amount, most) * _HEIGHT / 100
            if amount:
                left = 100 * number + 12 + place * (_WIDTH + 8)
                top = f"{_HEIGHT - height:.1f}"
                found.append({"name": name, "x": str(left), "y": top, "height": f"{height:.1f}", "width": str(_WIDTH)})
    return found


menu(MenuItem(title="Wallets overview", icon="piggy-bank", url_name="wallet_dashboard", order=28, scope="wallets:read"))
