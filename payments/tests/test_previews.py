"""Dry runs: the whole of a service's checks and decisions, with no row left and no provider asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from payments.models import Payment, ProviderAccount, RiskPolicy
from payments.routing.policy import NoRoute
from payments.sandbox.acquirer import Acquirer
from payments.services.capture import CaptureTooLarge, capture_payment, preview_capture
from payments.services.create import Wish, WrongPaymentMethod, create_payment, preview_payment
from payments.services.refund import preview_refund, refund_payment
from payments.services.refunding import RefundTooLarge
from payments.services.top_up import preview_top_up, top_up_wallet
from payments.tests.agents import AMOUNT, AgentShop
from payments.tests.factories import new_customer, new_method
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock
from rupai.core.errors import NotFound, ScopeMissing, WrongState
from rupai.core.money import Money
from tests.places import contents
from wallets.errors import InsufficientFunds, WalletFrozen
from wallets.models import Account
from wallets.services.transfers import preview_transfer, transfer_funds
from wallets.services.wallets import freeze_wallet
from wallets.tests.factories import fund

pytestmark = pytest.mark.django_db(transaction=True)
LEFT = [{"window": "day", "amount": 10_000, "currency": "INR"}]


@pytest.fixture
def till(db: None, acquirer: Acquirer) -> AgentShop:
    return AgentShop()


@pytest.fixture
def covered(till: AgentShop) -> AgentShop:
    """Its agent may move 100.00 a day."""
    new_mandate(till.agent, {"INR": {"day": 10_000}}, approval_over={"INR": 5_000})
    return till


def token_of(till: AgentShop) -> str:
    return new_method(till.actor, till.customer).public_id


def dry_runs(till: AgentShop, amount: int) -> dict[str, Callable[[], dict[str, Any]]]:
    """Each dry run for an amount, after what it needs was made."""
    held, paid = till.pay(20_000, capture="manual"), till.pay(20_000)
    fund(till.wallet, 20_000)
    wish, token = till.wish(amount), token_of(till)
    wallet, other, robot, money = till.wallet.public_id, till.other.public_id, till.robot, Money(amount, "INR")
    return {
        "payment": lambda: preview_payment(actor=robot, wish=wish).public(),
        "capture": lambda: preview_capture(actor=robot, payment_id=held.public_id, amount=amount).public(),
        "refund": lambda: preview_refund(actor=robot, payment_id=paid.public_id, amount=amount).public(),
        "top-up": lambda: preview_top_up(
            actor=robot, wallet_id=wallet, money=money, payment_method_token=token
        ).public(),
        "transfer": lambda: preview_transfer(
            actor=robot, from_wallet_id=wallet, to_wallet_id=other, amount=amount, currency="INR"
        ).public(),
    }


FACTS = {
    "payment": {},
    "capture": {"capturable_after": 20_000 - AMOUNT},
    "refund": {"refundable_after": 20_000 - AMOUNT},
    "top-up": {"balance_after": 20_000 + AMOUNT},
    "transfer": {"from_balance_after": 20_000 - AMOUNT},
}
DECIDED = {
    "risk": {"score": 0.0, "decision": "allow", "factors": [], "model_version": "rules-1"},
    "route": {
        "provider": "sandbox",
        "considered": [{"provider": "sandbox", "score": 1.0, "reason": "priority 100"}],
    },
}


@pytest.mark.parametrize("kind", FACTS)
def test_a_dry_run_tells_all_and_leaves_nothing(covered: AgentShop, acquirer: Acquirer, kind: str) -> None:
    run = dry_runs(covered, AMOUNT)[kind]
    before, charges = contents(), _charges(acquirer)
    shown = run()
    assert shown.pop("policy")["remaining"] == LEFT
    decided = {name: shown.pop(name) for name in ("risk", "route") if name in shown}
    assert shown == {"status": "dry_run", "amount": AMOUNT, "currency": "INR", **FACTS[kind]}
    assert decided == (DECIDED if kind in {"payment", "top-up"} else {})
    assert (contents(), _charges(acquirer)) == (before, charges)


def _charges(acquirer: Acquirer) -> int:
    return sum(len(book.charges) for book in acquirer.book.accounts.values())


@pytest.mark.parametrize(
    ("amount", "outcome", "reason"),
    [(5_000, "allowed", None), (5_001, "needs_approval", "over_approval_limit"), (10_001, "denied", "over_day")],
)
@pytest.mark.parametrize("kind", FACTS)
def test_it_tells_what_the_mandate_would_say(
    covered: AgentShop, kind: str, amount: int, outcome: str, reason: str | None
) -> None:
    policy = dry_runs(covered, amount)[kind]()["policy"]
    assert (policy["outcome"], policy.get("reason"), policy["remaining"]) == (outcome, reason, LEFT)


@pytest.mark.parametrize("kind", FACTS)
def test_without_a_mandate_it_says_so(till: AgentShop, kind: str) -> None:
    shown = dry_runs(till, AMOUNT)[kind]()
    assert shown["policy"] == {"outcome": "denied", "reason": "no_mandate", "remaining": []}


def test_a_payment_would_take_the_route_and_the_risk_that_it_takes(covered: AgentShop) -> None:
    RiskPolicy.objects.create(
        merchant_id=covered.merchant.pk, livemode=False, created_at=clock.now(), currency="INR", review_over=3_000
    )
    wish = covered.wish()
    seen = preview_payment(actor=covered.robot, wish=wish).public()
    made = create_payment(actor=covered.robot, wish=wish)
    assert seen["risk"] == made.risk_decisions.get().public()
    assert seen["route"] == made.route_decisions.get().public()
    assert seen["risk"]["decision"] == "review"


def test_without_a_payment_method_nothing_is_decided_yet(covered: AgentShop) -> None:
    wish = Wish(money=Money(AMOUNT, "INR"), method="card", customer_id=covered.customer.public_id)
    shown = preview_payment(actor=covered.robot, wish=wish).public()
    assert (shown["policy"]["outcome"], "risk" in shown, "route" in shown) == ("allowed", False, False)
    assert not Payment.objects.exists()


def test_all_that_is_left_is_named_by_its_amount(covered: AgentShop) -> None:
    held, paid = covered.pay(3_000, capture="manual"), covered.pay(4_000)
    assert preview_capture(actor=covered.robot, payment_id=held.public_id).money == Money(3_000, "INR")
    assert preview_refund(actor=covered.robot, payment_id=paid.public_id).money == Money(4_000, "INR")


def test_its_own_capture_is_allowed_without_counting(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": AMOUNT}})
    held = till.robot_pays(capture="manual")
    shown = preview_capture(actor=till.robot, payment_id=held.public_id).public()
    assert shown["policy"] == {"outcome": "allowed", "remaining": []}


def refusals(till: AgentShop) -> list[tuple[type[Exception], Callable[..., Any], Callable[..., Any], dict[str, Any]]]:
    """For each refusal the real call, its dry run, and what both are asked."""
    held, paid, wish = till.pay(capture="manual"), till.pay(), till.wish()
    stranger = new_customer(till.actor).public_id
    between = {"from_wallet_id": till.wallet.public_id, "to_wallet_id": till.other.public_id, "currency": "INR"}
    top = {"wallet_id": till.other.public_id, "money": Money(1, "INR"), "payment_method_token": token_of(till)}
    nobody = "cust_0000000000000000000001"
    return [
        (WrongPaymentMethod, create_payment, preview_payment, {"wish": replace(wish, customer_id=stranger)}),
        (NotFound, create_payment, preview_payment, {"wish": replace(wish, customer_id=nobody)}),
        (CaptureTooLarge, capture_payment, preview_capture, {"payment_id": held.public_id, "amount": 10_001}),
        (WrongState, capture_payment, preview_capture, {"payment_id": paid.public_id}),
        (RefundTooLarge, refund_payment, preview_refund, {"payment_id": paid.public_id, "amount": 10_001}),
        (WrongState, refund_payment, preview_refund, {"payment_id": held.public_id}),
        (InsufficientFunds, transfer_funds, preview_transfer, {**between, "amount": 1}),
        (WrongPaymentMethod, top_up_wallet, preview_top_up, top),
    ]


def test_what_the_call_would_refuse_the_dry_run_refuses_alike(covered: AgentShop) -> None:
    for error, real, dry, given in refusals(covered):
        before, said = contents(), []
        for act in (real, dry):
            with pytest.raises(error) as refusal:
                act(actor=covered.robot, **given)
            said.append((refusal.value.message, refusal.value.details))  # type: ignore[attr-defined]
        assert said[0] == said[1], error
        assert contents() == before


def test_no_route_a_frozen_wallet_and_a_missing_scope_are_refused(covered: AgentShop) -> None:
    ProviderAccount.objects.update(enabled=False)
    with pytest.raises(NoRoute):
        preview_payment(actor=covered.robot, wish=covered.wish())
    freeze_wallet(actor=covered.actor, wallet_id=covered.wallet.public_id)
    money, token = Money(1, "INR"), token_of(covered)
    with pytest.raises(WalletFrozen):
        preview_top_up(actor=covered.robot, wallet_id=covered.wallet.public_id, money=money, payment_method_token=token)
    powerless = replace(covered.robot, scopes=frozenset({"payments:read"}))
    asked: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (preview_payment, {"wish": covered.wish()}),
        (preview_capture, {"payment_id": "pay_1"}),
        (preview_refund, {"payment_id": "pay_1"}),
        (preview_top_up, {"wallet_id": "wal_1", "money": money, "payment_method_token": token}),
        (preview_transfer, {"from_wallet_id": "wal_1", "to_wallet_id": "wal_2", "amount": 1, "currency": "INR"}),
    ]
    for dry, given in asked:
        with pytest.raises(ScopeMissing):
            dry(actor=powerless, **given)


def test_a_currency_of_which_nothing_was_booked_opens_no_accounts(covered: AgentShop) -> None:
    paid = covered.pay(2_000, currency="USD")
    before = Account.objects.count()
    preview_refund(actor=covered.robot, payment_id=paid.public_id)
    preview_payment(actor=covered.robot, wish=replace(covered.wish(), money=Money(900, "EUR")))
    assert Account.objects.count() == before
