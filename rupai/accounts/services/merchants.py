"""Merchants: opened with everything that they need, and changed by the platform."""

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


def change_merchant(*, actor: Actor, merchant: Merchant) -> None:
    """Save a merchant whose fields were changed, and tell what changed; only the platform may.

    :raises ScopeMissing: when the actor is not the platform.
    """
    actor.require("*")
    with transaction.atomic():
        before = public(Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk))
        after = public(merchant)
        changes = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
        if changes:
            merchant.save()
            subject = streams.of_merchant(merchant, actor)
            events.emit("merchant.changed", subject=subject, actor=actor, data=after, changes=changes)


def public(merchant: Merchant) -> dict[str, object]:
    """The merchant's fields that an event tells."""
    return {
        "id": merchant.public_id,
        "name": merchant.name,
        "country": merchant.country,
        "currency": merchant.currency,
        "timezone": merchant.timezone,
        "fee_basis_points": merchant.fee_basis_points,
        "is_active": merchant.is_active,
        "live_enabled": merchant.live_enabled,
    }
