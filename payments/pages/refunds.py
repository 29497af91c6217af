"""One refund: how much, why, and what became of it."""

import json

from django.http import HttpRequest, HttpResponse

from payments.models import Refund
from payments.selectors import refunds_of
from rupai.accounts.models import Merchant
from rupai.core.models import Event
from rupai.pages.names import names_of
from rupai.pages.once import found
from rupai.pages.place import actor_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page


@page("payments/refunds/<str:refund_id>/", name="refund_detail", scope="refunds:read")
def detail(request: HttpRequest, refund_id: str) -> HttpResponse:
    """Show a refund with its events."""
    refund: Refund = found(
        request, refund_id, refunds_of(actor_of(request)).select_related("payment", "attempt__provider_account")
    )
    log = Event.objects.filter(merchant_id=refund.merchant_id, subject_id=refund.public_id)
    events = list(log.select_related("audit_entry").order_by("inserted"))
    names = names_of([refund.created_by, *(event.actor for event in events)])
    context = {
        "refund": refund,
        "payment": refund.payment,
        "merchant": Merchant.objects.get(pk=refund.merchant_id),
        "requester": names.get(refund.created_by, ""),
        "lines": [{"event": event, "who": names.get(event.actor, "")} for event in events],
        "exchange": json.dumps(refund.exchange, indent=2, ensure_ascii=False) if refund.exchange else "",
    }
    return render_page(request, "payments/refund.html", context, title=f"Refund {refund.public_id}")
