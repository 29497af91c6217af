"""Merchants: opened with everything that they need."""

from django.db import transaction

from rupai.accounts import setup
from rupai.accounts.models import Merchant
from rupai.accounts.services import streams
from rupai.core import clock, events
from rupai.core.actor import Actor


def create_merchant(
    *, actor: Actor, name: str, country: str = "IN", currency: str = "INR", timezone: str = "Asia/Kolkata"
) -> Merchant:
    """Open a merchant and run every registered setup step for it; only the platform may.

    :raises ScopeMissing: when the actor is not the platform.
    """
    actor.require("*")
    with transaction.atomic():
        merchant: Merchant = Merchant.objects.create(
            name=name, country=country, currency=currency, timezone=timezone, created_at=clock.now()
        )
        setup.set_up(merchant)
        events.emit(
            "merchant.created", subject=streams.of_merchant(merchant, actor), actor=actor, data=public(merchant)
        )
        return merchant


def public(merchant: Merchant) -> dict[str, object]:
    """The merchant's fields that an event tells."""
    return {
        "id": merchant.public_id,
        "name": merchant.name,
        "country": merchant.country,
        "currency": merchant.currency,
        "timezone": merchant.timezone,
    }
