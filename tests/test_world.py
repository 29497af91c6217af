"""A world loaded by COPY keeps every rule that one made by the services keeps."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from bench import world
from payments.models import History, Payment, Refund
from payments.sandbox.acquirer import Acquirer
from payments.services import refund
from payments.tests.conftest import acquirer as acquirer
from rupai.accounts.scopes import ALL
from rupai.core.actor import Actor
from rupai.core.invariants import registered
from rupai.core.models import Event

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
END = datetime(2026, 6, 30, tzinfo=UTC)


def _load(payments: int) -> int:
    return world.load(payments=payments, merchants=4, days=90, seed=7, end=END)


def _foreign_keys() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
        return int(cursor.fetchone()[0])


def test_a_loaded_world_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    keys = _foreign_keys()
    rows = _load(2_000)
    assert _foreign_keys() == keys
    assert Payment.objects.count() == 2_000
    assert rows > 12 * 2_000
    call_command("check_invariants")
    rules = len(registered())
    assert f"{rules} rules, {rules} hold" in capsys.readouterr().out
    assert {state for (state,) in Payment.objects.values_list("state").distinct()} == {
        "authorized",
        "captured",
        "failed",
    }
    assert Refund.objects.filter(amount__gt=0).count() > 60
    moments = Payment.objects.order_by("id").values_list("created_at", flat=True)
    assert END - timedelta(days=91) < moments[0] < END - timedelta(days=88)
    assert list(moments) == sorted(moments)


def test_events_of_a_loaded_world_say_what_the_rows_say() -> None:
    _load(300)
    last: dict[str, dict[str, object]] = {}
    for event in Event.objects.filter(type__startswith="payment.").order_by("position"):
        last[event.subject_id] = event.data
    rows = {payment.public_id: payment.public() for payment in Payment.objects.all()}
    assert last == rows
    asked = Event.objects.filter(type="refund.succeeded").values_list("subject_id", "data")
    assert dict(asked) == {one.public_id: one.public() for one in Refund.objects.all()}
    assert History.objects.filter(attempt=None).exclude(event__subject_type="payment").count() == 0


def test_a_second_world_stands_beside_the_first() -> None:
    _load(50)
    first = list(Payment.objects.order_by("id").values_list("id", flat=True))
    world.load(payments=50, merchants=4, days=90, seed=8, end=END)
    assert len(first) == 50
    assert Payment.objects.exclude(id__in=first).count() == 50
    call_command("check_invariants")


def test_the_services_go_on_in_a_loaded_world(acquirer: Acquirer) -> None:
    """The acquirer does not know the charge, so the refund fails, and its amount is free again."""
    _load(50)
    paid = Payment.objects.filter(state="captured", amount_refunded=0).order_by("id")[0]
    actor = Actor("key", "key_test", paid.merchant_id, False, ALL)
    asked = refund.refund_payment(actor=actor, payment_id=paid.public_id)
    assert (asked.state, asked.amount) == ("failed", paid.amount)
    call_command("check_invariants")
