"""The queue of approvals: what waits for a second person, and what came of the rest."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import register_converter, reverse
from django.urls.converters import StringConverter

from rupai.accounts.models import Merchant
from rupai.approvals import registry, selectors
from rupai.approvals.models import Approval
from rupai.approvals.services import decide
from rupai.approvals.services import request as asking
from rupai.approvals.states import OPEN_WORK, ApprovalState
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.ids import LENGTH
from rupai.core.rows import RowQuerySet
from rupai.pages.attention import Matter, attention
from rupai.pages.names import names_of
from rupai.pages.once import found, said
from rupai.pages.place import actor_at, actor_of, place_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from rupai.pages.step_up import ask_again, recently_verified

_PER_PAGE = 50
_TONES: dict[str, str] = {
    ApprovalState.REQUESTED: "warn",
    ApprovalState.APPROVED: "info",
    ApprovalState.EXECUTING: "info",
    ApprovalState.EXECUTED: "ok",
    ApprovalState.FAILED: "bad",
    ApprovalState.REJECTED: "bad",
    ApprovalState.CANCELLED: "muted",
    ApprovalState.EXPIRED: "muted",
}
menu(MenuItem(title="Approvals", icon="stamp", url_name="approvals", group="Operate", order=60, letter="v"))


@attention(order=50)
def requested(actor: Actor) -> Matter:
    """Requests that wait for a second person."""
    return Matter(
        one="approval waits for a decision",
        many="approvals wait for a decision",
        rows=selectors.waiting(selectors.approvals_of(actor).filter(livemode=actor.livemode)),
        url=reverse("admin:approvals"),
        tone="warn",
    )


@page("approvals/", name="approvals")
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits, or what was decided."""
    tab = "decided" if request.GET.get("tab") == "decided" else "waiting"
    rows = _rows(request)
    waiting, ended = selectors.waiting(rows), selectors.decided(rows)
    shown = Paginator(ended if tab == "decided" else waiting, _PER_PAGE).get_page(request.GET.get("page"))
    names = names_of([each for row in shown for each in (row.requested_by, row.decided_by)])
    merchants = Merchant.objects.in_bulk({row.merchant_id for row in shown})
    lines = [
        {
            "approval": row,
            "tone": _TONES[row.state],
            "requester": names.get(row.requested_by, ""),
            "decider": names.get(row.decided_by, ""),
            "merchant": merchants.get(row.merchant_id, ""),
        }
        for row in shown
    ]
    context = {
        "tab": tab,
        "lines": lines,
        "shown": shown,
        "waiting": waiting.count(),
        "all_merchants": place_of(request).merchant is None,
    }
    return render_page(request, "approvals/queue.html", context, title="Approvals", fragment="approvals/_queue.html")


class ApprovalId(StringConverter):
    """An approval's public id in an address: the stock lists lie at the same depth and must not be taken for one."""

    regex = f"{Approval.prefix}_[0-9A-Za-z]{{{LENGTH}}}"


register_converter(ApprovalId, "approval_id")


@page("approvals/<approval_id:approval_id>/", name="approval_detail")
def detail(request: HttpRequest, approval_id: str) -> HttpResponse:
    """Show a request in full; whoever may, decides here."""
    approval: Approval = found(request, approval_id, selectors.approvals_of(actor_of(request)))
    if request.method == "POST":
        return _act(request, approval)
    return _shown(request, approval)


def _act(request: HttpRequest, approval: Approval) -> HttpResponse:
    here = HttpResponseRedirect(reverse("admin:approval_detail", args=[approval.public_id]))
    act, reason = request.POST.get("act"), request.POST.get("reason", "")
    if act != "cancel" and not recently_verified(request):
        return ask_again(request)
    actor = actor_at(request, approval)
    try:
        if act == "approve":
            decide.approve(actor=actor, approval_id=approval.public_id, reason=reason)
            messages.success(request, "Approved. It is being carried out; the result appears here.")
        elif act == "reject":
            decide.reject(actor=actor, approval_id=approval.public_id, reason=reason)
            messages.success(request, "Rejected. Nothing was done.")
        elif act == "cancel":
            asking.cancel(actor=actor, approval_id=approval.public_id)
            messages.success(request, "Taken back. Nothing was done.")
    except DomainError as refusal:
        messages.error(request, said(refusal))
    return here


def _shown(request: HttpRequest, approval: Approval) -> HttpResponse:
    actor = actor_at(request, approval)
    own = approval.requested_by == actor.id
    names = names_of([approval.requested_by, approval.decided_by])
    context: dict[str, Any] = {
        "approval": approval,
        "operation": registry.title_of(approval.operation),
        "template": registry.template_of(approval.operation),
        "intact": asking.digest_of(approval.operation, approval.arguments) == approval.digest,
        "requester": names.get(approval.requested_by, ""),
        "decider": names.get(approval.decided_by, ""),
        "merchant": Merchant.objects.get(pk=approval.merchant_id),
        "own": own,
        "tone": _TONES[approval.state],
        "may_decide": approval.is_waiting and not own and actor.may(approval.scope),
        "may_cancel": approval.is_waiting and own,
        "running": approval.state in OPEN_WORK,
    }
    return render_page(
        request, "approvals/detail.html", context, title=approval.summary, fragment="approvals/_detail.html"
    )


def _rows(request: HttpRequest) -> RowQuerySet[Approval]:
    rows = selectors.approvals_of(actor_of(request))
    return rows.filter(livemode=place_of(request).livemode)
