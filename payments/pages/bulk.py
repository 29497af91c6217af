"""Refunding a selection: the page that says what exactly, before a second person is asked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from payments.forms import BulkRefundForm
from payments.models import Payment
from payments.selectors import payments_of
from payments.services import bulk_refund
from payments.services.bulk_refund import Line, Plan
from rupai.accounts.models import Merchant
from rupai.core import ids
from rupai.core.idempotency import check_key
from rupai.pages import once
from rupai.pages.place import actor_at, actor_of, place_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page


def refund_selected(request: HttpRequest, payments: Iterable[Payment]) -> HttpResponse:
    """Lead from a selection in the list to the page that asks for its refund."""
    names = [payment.public_id for payment in islice(payments, bulk_refund.MOST + 1)]
    if len(names) > bulk_refund.MOST:
        messages.error(request, f"Choose at most {bulk_refund.MOST} payments at once; these are more.")
        return HttpResponseRedirect(request.get_full_path())
    return HttpResponseRedirect(f"{reverse('admin:payment_bulk_refund')}?{urlencode({'id': names}, doseq=True)}")


@page("payments/bulk-refund/", name="payment_bulk_refund", scope="refunds:write")
def bulk_refund_page(request: HttpRequest) -> HttpResponse:
    """Show what would be refunded and what cannot be; posted, ask for a second person."""
    payments = _selected(request)
    plan = _one_place(bulk_refund.plan_of(payments))
    form = BulkRefundForm(request.POST if request.method == "POST" else None)
    sent = once.submitted(request, form, lambda _: _ask(request, form, plan.lines))
    if sent.answer is not None:
        return sent.answer
    context = {"plan": plan, "form": form, "key": sent.key, "most": bulk_refund.MOST}
    return render_page(request, "payments/bulk_refund.html", context, title="Refund payments", status=sent.status)


def _ask(request: HttpRequest, form: BulkRefundForm, lines: Sequence[Line]) -> HttpResponse:
    """Ask for exactly the amounts that stood on the page that was posted."""
    if not lines:
        raise bulk_refund.NothingToRefund("None of these payments can be refunded")
    amounts = {line.payment.public_id: _seen(request, line) for line in lines}
    asked = bulk_refund.request_bulk_refund(
        actor=actor_at(request, lines[0].payment),
        amounts=amounts,
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
        idempotency_key=check_key(request.POST.get(once.FIELD)),
    )
    messages.success(request, "Asked. Nothing is refunded until somebody else approves it.")
    return HttpResponseRedirect(reverse("admin:approval_detail", args=[asked.public_id]))


def _seen(request: HttpRequest, line: Line) -> int:
    """The amount that the person saw for a payment; one that changed meanwhile is refused."""
    if request.POST.get(f"amount_{line.payment.public_id}") != str(line.amount):
        raise bulk_refund.NothingToRefund(
            f"What can be refunded of {line.payment.public_id} has changed", hint="Look at the amounts again."
        )
    return line.amount


def _selected(request: HttpRequest) -> list[Payment]:
    given = request.POST if request.method == "POST" else request.GET
    keys = [key for name in given.getlist("id")[: bulk_refund.MOST] if (key := _key(name)) is not None]
    rows: QuerySet[Payment] = payments_of(actor_of(request))
    return list(rows.filter(pk__in=keys, livemode=place_of(request).livemode).order_by("-created_at", "-pk"))


def _key(name: str) -> UUID | None:
    try:
        return ids.parse(Payment.prefix, name)
    except ids.InvalidId:
        return None


def _one_place(plan: Plan) -> Plan:
    """Keep the payments of one merchant and mode, that of the most; an approval belongs to one."""
    places = Counter((line.payment.merchant_id, line.payment.livemode) for line in plan.lines)
    if len(places) < 2:
        return plan
    chosen = places.most_common(1)[0][0]
    name = Merchant.objects.get(pk=chosen[0]).name
    kept = [line for line in plan.lines if (line.payment.merchant_id, line.payment.livemode) == chosen]
    others = [
        Line(line.payment, 0, f"belongs to another merchant or mode than {name}")
        for line in plan.lines
        if line not in kept
    ]
    return Plan(kept, [*plan.refused, *others])
