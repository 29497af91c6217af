"""Rotating the encryption key: everything moves, nothing is lost, and it may be interrupted."""

import base64
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from rupai.accounts import selectors
from rupai.accounts.models import Authenticator, Customer
from rupai.accounts.services import reseal
from rupai.accounts.services.customers import create_customer
from rupai.accounts.tests.factories import code_of, enrol, new_merchant, new_user, owner_of
from rupai.core.crypto import CannotOpen

pytestmark = pytest.mark.django_db
OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("old", "new"))


@pytest.fixture
def sealed_under_old(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = OLD
    actor = owner_of(new_merchant())
    for number in range(5):
        create_customer(actor=actor, name=f"Name {number}", email=f"c{number}@example.com")
    create_customer(actor=actor, name="Without address")
    enrol(new_user("coded@example.com"))


def rotate() -> str:
    out = StringIO()
    call_command("rotate_encryption", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("sealed_under_old")
def test_after_the_rotation_the_old_key_can_go(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    report = rotate()
    assert "accounts.Customer.data_key: done, 6 moved" in report
    assert "accounts.Authenticator.secret: done, 1 moved" in report
    assert "E-mail indexes of customers: 5 moved" in report
    settings.ENCRYPTION_KEY = NEW
    names = {customer.name for customer in Customer.objects.all()}
    assert names == {*(f"Name {number}" for number in range(5)), "Without address"}
    assert selectors.customers_by_email(Customer.objects.all(), "C3@example.com").get().name == "Name 3"
    user = Authenticator.objects.get().user
    assert len(code_of(user)) == 6


@pytest.mark.usefixtures("sealed_under_old")
def test_between_the_keys_both_kinds_are_found(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    assert selectors.customers_by_email(Customer.objects.all(), "c1@example.com").get().name == "Name 1"


@pytest.mark.usefixtures("sealed_under_old")
def test_it_goes_on_where_it_was_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    monkeypatch.setattr(reseal, "BATCH", 2)
    field = Customer._meta.get_field("data_key")
    assert next(reseal.reseal(Customer, field)) == (2, [])
    assert "accounts.Customer.data_key: done, 4 moved" in rotate()
    again = rotate()
    assert "accounts.Customer.data_key: done, 0 moved" in again
    assert "E-mail indexes of customers: 0 moved" in again


@pytest.mark.usefixtures("sealed_under_old")
def test_a_value_without_a_key_is_named_and_left_alone(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = NEW
    with pytest.raises(CommandError, match="No key of ENCRYPTION_KEY opens 7 values"):
        rotate()
    with pytest.raises(CannotOpen):
        Customer.objects.first()
    settings.ENCRYPTION_KEY = OLD
    assert Customer.objects.filter(email_index__isnull=False).count() == 5
    assert len({customer.name for customer in Customer.objects.all()}) == 6


@pytest.mark.usefixtures("sealed_under_old")
def test_the_bytes_at_rest_name_the_newest_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    rotate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_customer WHERE substring(data_key FROM 3 FOR 3) = 'new'::bytea")
        assert cursor.fetchone() == (6,)
