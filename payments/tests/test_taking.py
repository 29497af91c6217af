"""Taking payments: each outcome with its exact amounts, state, history and events."""

from dataclasses import replace

import pytest
from django.db import transaction
from django.db.models import F, Sum

from payments.models import Attempt, Capture, History, Payment, ProviderAccount, RiskListEntry, RiskPolicy
from payments.models.decisions import Verdict
from payments.providers.base import PaymentLookup
from payments.providers.guarded import ProviderCallInTransaction
from payments.routing.policy import NoRoute
from payments.services import create
from payments.services.connectors import connector_of_attempt
from payments.services.create import WrongPaymentMethod
from payments.states import AttemptState, PaymentState
from payments.tests.factories import Shop, actor_of, new_customer, new_merchant, new_method
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, ScopeMissing, WrongState
from rupai.core.models import Event
from rupai.core.money import Money
from wallets.models import Counters
from wallets.states import AccountCode

pytestmark = pytest.mark.django_db(transaction=True)


def balances(shop: Shop, currency: str = "INR") -> dict[str, int]:
    """Posted balance of each account of the merchant's chart, credits above zero."""
    rows = Counters.objects.filter(merchant_id=shop.merchant.pk, account__currency=currency)
    sums = rows.values_list("account__code").annotate(balance=Sum(F("credits_posted") - F("debits_posted")))
    return {AccountCode(code).name.lower(): balance for code, balance in sums if balance}


def event_names(payment: Payment) -> list[str]:
    return list(Event.objects.filter(subject_id=payment.public_id).order_by("inserted").values_list("type", flat=True))


def test_a_payment_is_captured_and_posted(shop: Shop) -> None:
    payment = shop.pay(10_000)
    assert payment.status == PaymentState.CAPTURED
    assert (payment.amount_authorized, payment.amount_captured, payment.refundable) == (10_000, 10_000, 10_000)
    # 1.90 % of 100.00 is 1.90.
    assert balances(shop) == {"provider_clearing": -10_000, "merchant_payable": 9_810, "fee_revenue": 190}
    assert event_names(payment) == ["payment.created", "payment.captured"]
    moves = History.objects.filter(payment=payment, attempt=None).values_list("from_state", "to_state")
    assert list(moves) == [
        ("", "processing"),
        ("processing", "captured"),
    ]


def test_the_risk_the_route_and_the_exchange_are_stored(shop: Shop) -> None:
    payment = shop.pay(10_000)
    risk, route = payment.risk_decisions.get(), payment.route_decisions.get()
    assert (risk.verdict, risk.score, risk.model_version) == (Verdict.ALLOW, 0.0, "rules-1")
    assert (route.chosen, route.policy, route.propensity) == ("sandbox", "static-1", 1.0)
    assert [each["eligible"] for each in route.candidates] == [True]
    attempt = payment.tries.get()
    assert attempt.reference == f"{payment.public_id}_1"
    assert attempt.state == AttemptState.CHARGED
    assert "sk_test" not in str(attempt.exchange)


def test_a_manual_payment_is_only_authorized(shop: Shop) -> None:
    payment = shop.pay(10_000, capture="manual")
    assert (payment.status, payment.capturable, payment.amount_captured) == ("authorized", 10_000, 0)
    assert balances(shop) == {}


def test_a_hard_decline_fails_the_payment_and_moves_nothing(shop: Shop) -> None:
    payment = shop.pay(10_000, token="tok_stolen_card")
    assert (payment.status, payment.failure_code, payment.failure_retryable) == ("failed", "card_lost_or_stolen", False)
    assert balances(shop) == {}
    assert not Capture.objects.exists()


def test_a_soft_decline_says_that_it_can_be_tried_again(shop: Shop) -> None:
    payment = shop.pay(10_000, token="tok_insufficient_funds")
    assert (payment.status, payment.failure_code, payment.failure_retryable) == ("failed", "insufficient_funds", True)


def test_three_d_secure_waits_for_the_payer(shop: Shop) -> None:
    payment = shop.pay(10_000, token="tok_3ds_required")
    assert payment.status == "requires_action"
    shown = payment.public()["next_action"]
    assert shown["type"] == "three_ds"
    assert "/3ds/" in shown["url"]
    assert payment.expires_at is not None


def test_a_wrong_amount_from_the_provider_is_a_conflict_and_is_not_booked(shop: Shop) -> None:
    payment = shop.pay(10_000, token="tok_wrong_amount")
    assert (payment.status, payment.failure_code) == ("conflicted", "amount_conflict")
    assert payment.tries.get().state == AttemptState.INTEGRITY_FAILURE
    assert balances(shop) == {}


def test_without_a_method_it_waits_and_is_confirmed_later(shop: Shop) -> None:
    wish = create.Wish(money=Money(500, "JPY"), method="card", customer_id=shop.customer.public_id)
    waiting = create.create_payment(actor=shop.actor, wish=wish)
    assert waiting.status == "requires_payment_method"
    token = new_method(shop.actor, shop.customer).public_id
    paid = create.confirm_payment(actor=shop.actor, payment_id=waiting.public_id, payment_method_token=token)
    assert paid.status == "captured"
    with pytest.raises(WrongState):
        create.confirm_payment(actor=shop.actor, payment_id=waiting.public_id, payment_method_token=token)
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(("currency", "amount", "fee"), [("JPY", 1_000, 19), ("KWD", 1_000, 19), ("INR", 50, 1)])
def test_the_fee_is_rounded_once_in_every_currency(shop: Shop, currency: str, amount: int, fee: int) -> None:
    shop.pay(amount, currency=currency)
    assert balances(shop, currency) == {
        "provider_clearing": -amount,
        "merchant_payable": amount - fee,
        "fee_revenue": fee,
    }


def test_a_block_list_refuses_before_any_provider_is_asked(shop: Shop) -> None:
    RiskListEntry.objects.create(
        merchant_id=shop.merchant.pk,
        livemode=False,
        created_at=clock.now(),
        kind="customer",
        value=shop.customer.public_id,
        verdict=Verdict.BLOCK,
    )
    payment = shop.pay(10_000)
    assert (payment.status, payment.failure_code) == ("failed", "suspected_fraud")
    attempt = payment.tries.get()
    assert (attempt.state, attempt.provider_id) == (AttemptState.REFUSED_BY_RISK, "")
    assert payment.risk_decisions.get().factors[0]["name"] == "listed_customer"


@pytest.mark.parametrize(
    ("amount", "status", "verdict"),
    [(1_000, "captured", "allow"), (1_001, "requires_action", "challenge"), (2_001, "authorized", "review")],
)
def test_amount_limits_challenge_or_hold_for_review(shop: Shop, amount: int, status: str, verdict: str) -> None:
    RiskPolicy.objects.create(
        merchant_id=shop.merchant.pk,
        livemode=False,
        created_at=clock.now(),
        currency="INR",
        challenge_over=1_000,
        review_over=2_000,
    )
    payment = shop.pay(amount, token="tok_3ds_optional")
    assert (payment.status, payment.risk_decisions.get().verdict) == (status, verdict)


def test_no_provider_for_a_currency_is_said_before_anything_is_written(shop: Shop) -> None:
    ProviderAccount.objects.update(currencies=["USD"])
    with pytest.raises(NoRoute):
        shop.pay(10_000)
    assert not Payment.objects.exists()


def rupee(shop: Shop, token: str | None = None) -> create.Wish:
    return create.Wish(
        money=Money(1, "INR"), method="card", customer_id=shop.customer.public_id, payment_method_token=token
    )


def test_live_mode_is_off_until_the_platform_says_so(shop: Shop) -> None:
    live = replace(shop.actor, livemode=True)
    with pytest.raises(create.LiveModeOff):
        create.create_payment(actor=live, wish=rupee(shop))
    assert not Payment.objects.exists()


def test_a_method_of_another_customer_is_refused(shop: Shop) -> None:
    stranger = new_customer(shop.actor)
    method = new_method(shop.actor, stranger)
    with pytest.raises(WrongPaymentMethod):
        create.create_payment(actor=shop.actor, wish=rupee(shop, method.public_id))
    assert not Payment.objects.exists()


def test_another_merchants_customer_does_not_exist(shop: Shop) -> None:
    other = actor_of(new_merchant("Other"))
    with pytest.raises(NotFound):
        create.create_payment(actor=other, wish=rupee(shop))


def test_a_reader_cannot_take_payments(shop: Shop) -> None:
    reader = Actor("key", "key_reader", shop.merchant.pk, False, frozenset({"payments:read"}))
    with pytest.raises(ScopeMissing):
        create.create_payment(actor=reader, wish=rupee(shop))
    assert not Payment.objects.exists()


def test_no_provider_is_called_inside_a_transaction(shop: Shop) -> None:
    attempt = shop.pay(10_000).tries.get()
    with transaction.atomic(), pytest.raises(ProviderCallInTransaction):
        connector_of_attempt(attempt).sync_payment(PaymentLookup(reference=attempt.reference))
