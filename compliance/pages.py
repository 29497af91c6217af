"""The audit chain in the console: an entry with its event, verification on demand, signed heads to keep elsewhere."""

import json
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from compliance.models import AuditEntry, AuditHead, ChainCheck
from compliance.services import checks
from rupai.accounts.models import Merchant
from rupai.core import clock, ids
from rupai.core.errors import DomainError, NotFound
from rupai.core.models import Event
from rupai.pages.bases import TenantAdmin
from rupai.pages.changes import changes_of
from rupai.pages.details import DetailAdmin
from rupai.pages.links import address_of, link_of
from rupai.pages.names import names_of
from rupai.pages.once import said
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from rupai.pages.sections import Section, section

READ = checks.SCOPE
_NEWEST = 20
menu(
    MenuItem(
        title="Audit log",
        icon="shield-check",
        url_name="compliance_auditentry_changelist",
        group="Operate",
        order=80,
        scope=READ,
    )
)


class EntryPage(DetailAdmin, TenantAdmin):
    """The page of one audit entry: the seal, and the event that it covers."""

    def detail(self, request: HttpRequest, row: AuditEntry) -> HttpResponse:
        event = row.event
        chain = AuditEntry.objects.filter(merchant_id=row.merchant_id, livemode=row.livemode)
        head = AuditHead.objects.filter(merchant_id=row.merchant_id, livemode=row.livemode).first()
        context = {
            "entry": row,
            "event": event,
            "event_link": link_of(request, event.public_id),
            "merchant": Merchant.objects.filter(pk=row.merchant_id).first(),
            "actor": names_of([event.actor]).get(event.actor, event.actor),
            "changes": changes_of(event.changes),
            "before": chain.filter(seq=row.seq - 1).first(),
            "after": chain.filter(seq=row.seq + 1).first(),
            "head": head,
        }
        return render_page(request, "compliance/entry.html", context, title=f"Entry {row.seq}")


@page("compliance/verify/", name="compliance_verify", scope=READ)
def verify(request: HttpRequest) -> HttpResponse:
    """Show what was verified when; a post begins a verification and leads to it."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            check = checks.request_check(actor=actor)
        except DomainError as refusal:
            messages.error(request, said(refusal))
            return HttpResponseRedirect(reverse("admin:compliance_verify"))
        return HttpResponseRedirect(reverse("admin:compliance_check", args=[check.public_id]))
    past = list(checks.checks_of(actor)[:_NEWEST])
    names = names_of(check.requested_by for check in past)
    context = {
        "place": place_of(request),
        "lines": [{"check": check, "by": names.get(check.requested_by, check.requested_by)} for check in past],
        "heads": _heads(request),
    }
    return render_page(request, "compliance/verify.html", context, title="Verify the audit chain")


@page("compliance/verify/<str:check_id>/", name="compliance_check", scope=READ)
def check(request: HttpRequest, check_id: str) -> HttpResponse:
    """Show a verification: how far it is, then what it found; the page asks again while it runs."""
    try:
        row: ChainCheck = checks.checks_of(actor_of(request)).named(check_id)
    except NotFound as missing:
        raise Http404(missing.message) from None
    context = {
        "check": row,
        "running": row.state == ChainCheck.State.RUNNING,
        "silent": checks.is_silent(row),
        "verdicts": [_shown(request, verdict) for verdict in row.verdicts],
        "by": names_of([row.requested_by]).get(row.requested_by, ""),
    }
    return render_page(
        request, "compliance/check.html", context, title="Verification", fragment="compliance/_check.html"
    )


@page("compliance/heads.json", name="compliance_heads", scope=READ)
def signed_heads(request: HttpRequest) -> HttpResponse:
    """Download the signed heads of the merchant's chains (platform: of all)."""
    text = json.dumps(checks.signed_heads(actor=actor_of(request)), indent=2) + "\n"
    name = f"audit-heads-{clock.now():%Y%m%dT%H%M%SZ}.json"
    return HttpResponse(
        text, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@section("event", order=20)
def seal_of(request: HttpRequest, event: Event) -> Section | None:
    """The audit entry of an event, for those who may see the chain of its merchant."""
    shown_by: Any = admin.site._registry[AuditEntry]
    if not shown_by.has_view_permission(request):
        return None
    entry = shown_by.get_queryset(request).filter(pk=event.pk).first()
    url = address_of(AuditEntry, event.pk) if entry is not None else ""
    return Section(title="Audit entry", template="compliance/_of_event.html", context={"entry": entry, "url": url})


def _heads(request: HttpRequest) -> list[dict[str, Any]]:
    """Where the chains of the place end now; of all merchants the newest ones."""
    actor = actor_of(request)
    rows = AuditHead.objects.order_by("-position")
    if actor.merchant_id is not None:
        rows = rows.filter(merchant_id=actor.merchant_id)
    heads = list(rows[:_NEWEST])
    merchants = Merchant.objects.in_bulk({head.merchant_id for head in heads})
    return [{"head": head, "merchant": merchants.get(head.merchant_id)} for head in heads]


def _shown(request: HttpRequest, verdict: dict[str, Any]) -> dict[str, Any]:
    merchant = None
    if verdict["merchant"]:
        try:
            merchant = Merchant.objects.filter(pk=ids.parse(Merchant.prefix, verdict["merchant"])).first()
        except ids.InvalidId:
            raise Http404("No such merchant") from None
    link = link_of(request, verdict["event"]) if verdict["event"] else ""
    return {**verdict, "name": merchant.name if merchant else verdict["merchant"], "link": link}
