"""A mandate as a document in the words of AP2 (Agent Payments Protocol): an open payment mandate with constraints.

Source of the words: the protocol's page on the payment mandate, ``mandate.payment.open.1``. The protocol's own
constraints know no hours and no second person, so these stand under a prefix of ours; AP2 bids a verifier to refuse
constraints that it does not know, which keeps a narrower mandate from being read as a wider one.
"""

from typing import Any

from rupai.accounts.models import Merchant
from rupai.approvals.models import Mandate
from rupai.approvals.states import Window

OPEN_PAYMENT_MANDATE = "mandate.payment.open.1"
_OWN = "in.rupai"
_SPANS = (Window.HOUR, Window.DAY, Window.MONTH)


def as_ap2(mandate: Mandate) -> dict[str, Any]:
    """Write a mandate as an unsigned AP2 document.

    Amounts are whole minor units, ``iat`` and ``exp`` seconds since 1970. ``execution_date`` is when it is valid.
    """
    constraints: list[dict[str, Any]] = []
    for currency in sorted(mandate.limits):
        constraints += _of_currency(mandate, currency)
    constraints.append({"type": "payment.agent_recurrence", "frequency": "ON_DEMAND"})
    if mandate.allowed_payees:
        allowed = [{"id": payee} for payee in sorted(mandate.allowed_payees)]
        constraints.append({"type": "payment.allowed_payees", "allowed": allowed})
    dates = {"not_before": mandate.valid_from.isoformat()}
    if mandate.valid_until is not None:
        dates["not_after"] = mandate.valid_until.isoformat()
    constraints.append({"type": "payment.execution_date", **dates})
    constraints.append({"type": f"{_OWN}.scopes", "allowed": sorted(mandate.scopes)})
    document: dict[str, Any] = {
        "vct": OPEN_PAYMENT_MANDATE,
        "id": mandate.public_id,
        "status": mandate.status,
        "agent": {"id": mandate.agent_public_id},
        "granted_by": mandate.granted_by,
        "constraints": constraints,
        "iat": int(mandate.created_at.timestamp()),
    }
    if mandate.valid_until is not None:
        document["exp"] = int(mandate.valid_until.timestamp())
    return document


def _of_currency(mandate: Mandate, currency: str) -> list[dict[str, Any]]:
    ceilings = mandate.ceilings(currency)
    found: list[dict[str, Any]] = []
    if Window.TRANSACTION in ceilings:
        found.append(
            {"type": "payment.amount_range", "min": 0, "max": ceilings[Window.TRANSACTION], "currency": currency}
        )
    if Window.TOTAL in ceilings:
        found.append({"type": "payment.budget", "max": ceilings[Window.TOTAL], "currency": currency})
    zone = Merchant.objects.values_list("timezone", flat=True).get(pk=mandate.merchant_id)
    for window in _SPANS:
        if window in ceilings:
            own = {"window": str(window), "timezone": "UTC" if window == Window.HOUR else zone}
            found.append({"type": f"{_OWN}.budget_window", "max": ceilings[window], "currency": currency, **own})
    if currency in mandate.approval_over:
        over = {"over": mandate.approval_over[currency], "currency": currency}
        found.append({"type": f"{_OWN}.approval", **over})
    return found
