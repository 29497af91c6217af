"""Customers: sealed at rest, found by the exact address, and never told of by name."""

import pytest
from django.db import connection

from rupai.accounts import selectors
from rupai.accounts.models import Customer
from rupai.accounts.services.customers import create_customer, update_customer
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, ScopeMissing, WrongState
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Actor:
    return owner_of(new_merchant())


def ann(actor: Actor) -> Customer:
    return create_customer(
        actor=actor, name="Ann Planted", email="Ann@Planted.example", phone="+91 98765 43210", metadata={"tier": "gold"}
    )


def test_a_customer_belongs_to_merchant_and_mode(actor: Actor) -> None:
    made = ann(actor)
    found = Customer.objects.get()
    assert (found.merchant_id, found.livemode) == (actor.merchant_id, False)
    assert (found.name, found.email, found.phone) == ("Ann Planted", "Ann@Planted.example", "+91 98765 43210")
    assert found.metadata == {"tier": "gold"}
    assert made.public_id.startswith("cust_")


def test_the_person_is_not_readable_in_the_database(actor: Actor) -> None:
    ann(actor)
    update_customer(actor=actor, customer_id=Customer.objects.get().public_id, name="Ann Other")
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text, encode(personal, 'escape') FROM accounts_customer c")
        row = str(cursor.fetchone())
        cursor.execute("SELECT e::text FROM core_event e")
        events = str(cursor.fetchall())
    for planted in ("Ann", "lanted", "98765"):
        assert planted not in row
        assert planted not in events
    assert "gold" not in events


def test_events_say_which_fields_changed_and_not_how(actor: Actor) -> None:
    made = ann(actor)
    update_customer(actor=actor, customer_id=made.public_id, email="new@planted.example", name="Ann Planted")
    update_customer(actor=actor, customer_id=made.public_id)
    created, updated = Event.objects.order_by("inserted")
    assert (created.type, updated.type) == ("customer.created", "customer.updated")
    assert set(created.data) == {"id", "customer_id", "livemode", "created_at", "updated_at"}
    assert updated.data["changed"] == ["email"]


def test_an_address_is_found_whole_and_in_any_case(actor: Actor) -> None:
    made = ann(actor)
    mine = Customer.objects.visible_to(actor)
    assert list(selectors.customers_by_email(mine, " ANN@planted.EXAMPLE ")) == [made]
    for other in ("ann@planted", "planted.example", ""):
        assert not selectors.customers_by_email(mine, other).exists()
    stranger = owner_of(new_merchant())
    assert not selectors.customers_by_email(Customer.objects.visible_to(stranger), "ann@planted.example").exists()


def test_what_is_given_changes_and_an_empty_text_deletes(actor: Actor) -> None:
    made = ann(actor)
    changed = update_customer(actor=actor, customer_id=made.public_id, email="", metadata={"tier": "silver"})
    assert (changed.name, changed.email, changed.phone) == ("Ann Planted", "", "+91 98765 43210")
    assert changed.metadata == {"tier": "silver"}
    assert changed.email_index is None


def test_an_erased_customer_stays_erased(actor: Actor) -> None:
    made = ann(actor)
    Customer.objects.filter(pk=made.pk).update(data_key=None, email_index=None, erased_at=clock.now())
    with pytest.raises(WrongState):
        update_customer(actor=actor, customer_id=made.public_id, name="Back")
    assert Customer.objects.get().person() == {}


def test_strangers_and_the_other_mode_find_nobody(actor: Actor) -> None:
    made = ann(actor)
    live = Actor(actor.kind, actor.id, actor.merchant_id, True, actor.scopes)
    for stranger in (owner_of(new_merchant()), live):
        with pytest.raises(NotFound):
            update_customer(actor=stranger, customer_id=made.public_id, name="Eve")
    assert Customer.objects.get().name == "Ann Planted"


def test_without_the_scope_nothing_is_written(actor: Actor) -> None:
    reader = owner_of(new_merchant(), scopes=frozenset({"customers:read"}))
    with pytest.raises(ScopeMissing):
        create_customer(actor=reader, name="Ann")
    assert not Customer.objects.exists()
    assert not Event.objects.exists()
