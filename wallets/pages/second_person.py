"""Movements by hand that wait for somebody else: what people are told, and where they land."""

from typing import Any

from django.urls import reverse

from rupai.approvals.models import Approval
from rupai.core.money import Money
from rupai.pages.once import Landing


def most_alone(wallet: Any) -> Money | None:
    """The greatest amount that one person may move from a wallet of ``wallet_here``; None without such a limit."""
    most = (wallet.approval_over or {}).get(wallet.currency)
    return None if most is None else Money(most, wallet.currency)


def asked(approval: Approval) -> Landing:
    """Lead to what was asked for."""
    url = reverse("admin:approval_detail", args=[approval.public_id])
    return Landing(url, "Asked. Nothing moves until somebody else approves it.")
