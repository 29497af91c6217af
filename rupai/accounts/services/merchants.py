"""Merchants: opened with everything that they need, and changed by the platform."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from rupai.accounts import setup
from rupai.accounts.models import Merchant
from rupai.accounts.services import streams
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import Conflict, InvalidInput

OWN_SETTINGS = frozenset({"name", "timezone"})
PLATFORM_SETTINGS = frozenset({"live_enabled", "fee_basis_points"})


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
        _save(actor, merchant)


def change_settings(*, actor: Actor, before: Mapping[str, object], after: Mapping[str, object]) -> Merchant:
    """Change settings of the actor's merchant: those that it decides itself, and (platform only) the others.

    ``before`` is what the caller saw of the fields in ``after``, so that nobody undoes what they have not seen.

    :raises InvalidInput: when a field is no setting, or its value cannot be taken.
    :raises Conflict: when a field has another value than was seen, or the name is taken.
    """
    actor.require("settings:write")
    unknown = sorted(after.keys() - OWN_SETTINGS - PLATFORM_SETTINGS)
    if unknown:
        raise InvalidInput(f"No such setting: {', '.join(unknown)}")
    with transaction.atomic():
        merchant: Merchant = Merchant.objects.select_for_update(no_key=True).get(pk=actor.merchant)
        changed = {field: value for field, value in after.items() if getattr(merchant, field) != value}
        if changed.keys() & PLATFORM_SETTINGS:
            actor.require("*")
        for field, value in changed.items():
            if getattr(merchant, field) != before.get(field):
                raise Conflict("The settings have been changed meanwhile", hint="Look at them and decide again.")
            setattr(merchant, field, value)
        _check(merchant, set(changed))
        if changed:
            _save(actor, merchant)
        return merchant


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


def _save(actor: Actor, merchant: Merchant) -> None:
    before = public(Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk))
    after = public(merchant)
    changes = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if changes:
        merchant.save()
        subject = streams.of_merchant(merchant, actor)
        events.emit("merchant.changed", subject=subject, actor=actor, data=after, changes=changes)


def _check(merchant: Merchant, changed: set[str]) -> None:
    others = {field.name for field in Merchant._meta.fields} - changed
    try:
        merchant.clean_fields(exclude=others)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages)) from None
    if "name" in changed and Merchant.objects.filter(name__iexact=merchant.name).exclude(pk=merchant.pk).exists():
        raise Conflict(f"There is a merchant called {merchant.name!r} already")
