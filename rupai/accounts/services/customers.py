"""Payers of a merchant: kept under a key of their own, found again by the exact e-mail address."""

from django.db import transaction

from rupai.accounts.models import Customer
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import WrongState

PERSONAL = ("name", "email", "phone")


def create_customer(
    *, actor: Actor, name: str = "", email: str = "", phone: str = "", metadata: dict[str, str] | None = None
) -> Customer:
    """Create a customer of the actor's merchant and mode; personal data is sealed."""
    actor.require("customers:write")
    now = clock.now()
    customer = Customer(
        merchant_id=actor.merchant, livemode=actor.livemode, created_at=now, updated_at=now, metadata=metadata or {}
    )
    customer.set_person(_filled({"name": name, "email": email, "phone": phone}))
    with transaction.atomic():
        customer.save(force_insert=True)
        events.emit("customer.created", subject=customer, actor=actor, data=public(customer))
    return customer


def update_customer(
    *,
    actor: Actor,
    customer_id: str,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Customer:
    """Change what is given; None stays, an empty text deletes, metadata is replaced as a whole.

    :raises NotFound: when the actor has no such customer.
    :raises WrongState: when the customer was erased.
    """
    actor.require("customers:write")
    given = {"name": name, "email": email, "phone": phone}
    with transaction.atomic():
        customer: Customer = Customer.objects.visible_to(actor).select_for_update().named(customer_id)
        if customer.erased_at is not None:
            raise WrongState("This customer was erased", hint="Create a new customer.")
        before = customer.person()
        after = _filled({**before, **{field: value for field, value in given.items() if value is not None}})
        changed = [field for field in PERSONAL if before.get(field) != after.get(field)]
        if metadata is not None and metadata != customer.metadata:
            customer.metadata = metadata
            changed.append("metadata")
        if not changed:
            return customer
        customer.set_person(after)
        customer.updated_at = clock.now()
        customer.save(update_fields=["data_key", "personal", "email_index", "metadata", "updated_at"])
        data = {**public(customer), "changed": changed}
        events.emit("customer.updated", subject=customer, actor=actor, data=data)
        return customer


def public(customer: Customer) -> dict[str, object]:
    """What an event may tell of a customer: nothing personal, and no metadata, since merchants write names there."""
    return {
        "id": customer.public_id,
        "customer_id": customer.public_id,
        "livemode": customer.livemode,
        "created_at": customer.created_at.isoformat(),
        "updated_at": customer.updated_at.isoformat(),
    }


def _filled(person: dict[str, str]) -> dict[str, str]:
    return {field: value.strip() for field, value in person.items() if value.strip()}
