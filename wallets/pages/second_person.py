"""Movements by hand that wait for somebody else: what people are told, and where they land."""

from django.urls import reverse

from rupai.approvals.models import Approval
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.pages.once import Landing
from wallets.services.terms import approval_over


def most_alone(actor: Actor, currency: str) -> Money | None:
    """The greatest amount that one person may move; None when there is no such limit."""
    most = approval_over(actor).get(currency)
    return None if most is None else Money(most, currency)


def asked(approval: Approval) -> Landing:
    """Lead to what was asked for."""
    url = reverse("admin:approval_detail", args=[approval.public_id])
    return Landing(url, "Asked. Nothing moves until somebody else approves it.")
