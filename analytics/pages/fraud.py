"""Patterns of fraud: who or what stands out, and why. Looking blocks nobody."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from analytics.selectors.fraud import ANALYSES, fraud_patterns
from analytics.selectors.patterns import Pattern
from payments.models import Payment
from rupai.accounts.models import Customer
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page

SCOPE = "fraud:read"
WINDOWS = {"24h": (24, "24 h"), "7d": (168, "7 days"), "30d": (720, "30 days")}
TITLES = {
    "behavioral_anomaly": ("Unusual payments", "payments compared with the same customer's past"),
    "velocity": ("Pace", "customers compared with their own pace, or that of others"),
    "recent_activity": ("Risk decisions", "payments as the risk rules decided about them"),
    "system_wide": ("As a whole", "payments, compared with the 30 days before"),
}
SHOWN = 50
THRESHOLD = 0.8


@page("analytics/fraud/", name="fraud_patterns", scope=SCOPE)
def fraud_page(request: HttpRequest) -> HttpResponseBase:
    """Show what stands out at the place where the person works."""
    kind, window = request.GET.get("kind", ANALYSES[0]), request.GET.get("window", "7d")
    if kind not in ANALYSES or window not in WINDOWS:
        messages.error(request, "There is no such pattern or window, so the usual ones are shown.")
        return HttpResponseRedirect(reverse("admin:fraud_patterns"))
    context = {**patterns_of(actor_of(request), kind=kind, window=window), "place": place_of(request)}
    template = "analytics/fraud.html"
    return render_page(request, template, context, title="Fraud patterns", fragment="analytics/_fraud.html")


def patterns_of(actor: Actor, *, kind: str, window: str) -> dict[str, Any]:
    """What the page shows; each pattern leads to its payment, its customer, or the payments of the window."""
    hours, words = WINDOWS[window]
    found = fraud_patterns(actor=actor, analysis_type=kind, threshold=THRESHOLD, window_hours=hours, limit=SHOWN)
    since = clock.now() - timedelta(hours=hours)
    return {
        "found": found,
        "kind": kind,
        "about": TITLES[kind][1],
        "window": words,
        "kinds": [{"words": TITLES[each][0], "url": _here(each, window), "current": each == kind} for each in ANALYSES],
        "windows": [
            {"words": text, "url": _here(kind, name), "current": name == window} for name, (_, text) in WINDOWS.items()
        ],
        "rows": [_row(each) for each in found.findings],
        "payments_url": _payments(since.isoformat(timespec="seconds")),
        "as_of": clock.now(),
    }


def _row(found: Pattern) -> dict[str, Any]:
    tone = "bad" if found.decision == "deny" else ""
    return {"pattern": found, "url": _leads_to(found), "per_cent": round(100 * found.score, 1), "tone": tone}


def _here(kind: str, window: str) -> str:
    return f"{reverse('admin:fraud_patterns')}?{urlencode({'kind': kind, 'window': window})}"


def _payments(since: str) -> str:
    return f"{reverse('admin:payments_payment_changelist')}?{urlencode({'from': since})}"


def _leads_to(found: Pattern) -> str:
    """The page of a payment or a customer; the whole leads to its payments."""
    prefix = found.subject_id.partition("_")[0]
    if prefix == Payment.prefix:
        return reverse("admin:payment_detail", args=[found.subject_id])
    return reverse("admin:customer_detail", args=[found.subject_id]) if prefix == Customer.prefix else ""


menu(
    MenuItem(
        title="Fraud patterns",
        icon="scan-eye",
        url_name="fraud_patterns",
        group="Operate",
        order=21,
        scope=SCOPE,
    )
)
