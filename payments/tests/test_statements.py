"""The hot path's statements: few, written and read as the ORM would, whole or not at all."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from payments.models import Attempt, Capture, History, Payment, PaymentMethod, ProviderAccount, Refund, RiskPolicy
from payments.services import capture, create, moves, refund
from payments.tests.factories import Shop, actor_of, new_merchant, new_method
from rupai.accounts.models import Customer
from rupai.core import clock, ids, locks, statements
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.locks import LockNeedsTransaction
from rupai.core.money import Money
from rupai.core.rows import TenantRow

pytestmark = pytest.mark.django_db(transaction=True)


def _statements(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as found:
        work()
    return len([one for one in found if one["sql"] not in {"BEGIN", "COMMIT"}])


def test_a_payment_and_what_follows_cost_few_statements(shop: Shop) -> None:
    """Recorded figures: a change may lower them."""
    shop.pay()  # Opens the merchant's accounts in the ledger, once.
    method = new_method(shop.actor, shop.customer)
    wish = create.Wish(
        money=Money(10_000, "INR"),
        method="card",
        customer_id=shop.customer.public_id,
        payment_method_token=method.public_id,
    )
    held = create.create_payment(actor=shop.actor, wish=replace(wish, capture="manual"))
    paid = create.create_payment(actor=shop.actor, wish=wish)
    costs = {
        "create": _statements(lambda: create.create_payment(actor=shop.actor, wish=wish)),
        "capture": _statements(lambda: capture.capture_payment(actor=shop.actor, payment_id=held.public_id)),
        "refund": _statements(lambda: refund.refund_payment(actor=shop.actor, payment_id=paid.public_id)),
    }
    assert costs == {"create": 11, "capture": 12, "refund": 10}


@pytest.mark.parametrize(
    "model", [Payment, Attempt, Capture, Refund, History, PaymentMethod, ProviderAccount, Customer]
)
def test_a_row_reads_as_the_orm_reads_it(shop: Shop, model: Any) -> None:
    paid = shop.pay(token="tok_3ds_required") if model is Payment else shop.pay()
    if model is Refund:
        refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=100)
    expected = model.objects.order_by("-pk").first()
    table = model._meta.db_table
    [(found,)] = statements.read([model], f'FROM "{table}" t0 WHERE t0.id = %s', [expected.pk])
    names = [field.attname for field in model._meta.concrete_fields]
    assert {name: getattr(found, name) for name in names} == {name: getattr(expected, name) for name in names}
    assert not found._state.adding


def test_a_changed_row_that_is_gone_undoes_the_call(shop: Shop) -> None:
    paid = shop.pay()
    gone = Payment(pk=ids.new_key(), state="captured")
    change = History(payment=paid, attempt=paid.tries.get(), to_state="charged", actor="x", created_at=paid.created_at)
    before = History.objects.count()
    with pytest.raises(statements.RowLost), transaction.atomic():
        statements.write([change], changed=[(gone, ["state"])])
    assert History.objects.count() == before


def test_rows_of_one_model_keep_their_order(shop: Shop) -> None:
    paid = shop.pay()
    attempt = paid.tries.get()
    with transaction.atomic():
        statements.write(
            [
                History(payment=paid, attempt=attempt, to_state=state, actor="x", created_at=paid.created_at)
                for state in ("one", "two", "three")
            ]
        )
        written = History.objects.filter(payment=paid, actor="x").order_by("id")
        assert list(written.values_list("to_state", flat=True)) == ["one", "two", "three"]
        transaction.set_rollback(True)


def _by_id(model: type[TenantRow], row: TenantRow, actor: Actor) -> TenantRow:
    return statements.named(model, row.public_id, actor=actor)


def test_another_tenants_row_does_not_exist(shop: Shop) -> None:
    paid = shop.pay()
    stranger = actor_of(new_merchant("Other House"))
    live = replace(shop.actor, livemode=True)
    nobody = replace(shop.actor, merchant_id=None)
    assert _by_id(Payment, paid, shop.actor) == paid
    assert _by_id(Payment, paid, Actor.platform("test")) == paid
    for actor in (stranger, live, nobody):
        with pytest.raises(NotFound):
            _by_id(Payment, paid, actor)
    with pytest.raises(NotFound):
        statements.named(Payment, shop.customer.public_id, actor=shop.actor)


def test_an_attempt_is_locked_after_its_payment_and_inside_a_transaction_only(shop: Shop) -> None:
    attempt = shop.pay().tries.get()
    with pytest.raises(LockNeedsTransaction):
        moves.lock_attempt(attempt)
    with pytest.raises(LockNeedsTransaction):
        locks.lock_key(Payment, attempt.payment_id)
    with transaction.atomic(), CaptureQueriesContext(connection) as found:
        payment, current = moves.lock_attempt(attempt)
    assert (payment.pk, current.pk, current.payment) == (attempt.payment_id, attempt.pk, payment)
    assert "FOR UPDATE OF t0, t1" in found[0]["sql"]


def test_payments_of_more_than_an_hour_ago_do_not_count_as_velocity(shop: Shop) -> None:
    RiskPolicy.objects.create(
        merchant_id=shop.merchant.pk, livemode=False, created_at=clock.now(), currency="INR", most_per_hour=1
    )
    now = clock.now()
    with clock.at(now):
        shop.pay(100)
        shop.pay(100)
        risky = shop.pay(100).risk_decisions.get()
    assert (risky.verdict, risky.inputs["payments_last_hour"]) == ("challenge", 2)
    with clock.at(now + timedelta(hours=1, seconds=1)):
        calm = shop.pay(100).risk_decisions.get()
    assert (calm.verdict, calm.inputs["payments_last_hour"]) == ("allow", 0)
