"""Each filter of a list narrows it as its name says, and filters add up."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from payments.models import Payment, Refund
from payments.states import AttemptState, PaymentState
from rupai.accounts.services.customers import create_customer
from rupai.core import ids
from rupai.core.models import Event
from tests.places import Place, call

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def shown(place: Place, route: str, **filters: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={quote(str(value))}" for name, value in filters.items())
    answer = call("GET", f"/api/v1/{route}?limit=100&{query}", bearer=place.token)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def payment(place: Place, state: PaymentState, **fields: Any) -> str:
    """A payment that was written in some state, whatever led to it."""
    moment = fields.pop("created_at", DAY)
    amounts: dict[str, Any] = {"amount": 1_000, "currency": "INR", "method": "card", "customer": place.shop.customer}
    if state == PaymentState.CAPTURED:
        amounts |= {"amount_authorized": 1_000, "amount_captured": 1_000}
    made: Payment = Payment.objects.create(
        id=ids.new_key(moment),
        merchant_id=place.merchant.pk,
        livemode=False,
        created_at=moment,
        updated_at=moment,
        state=state,
        created_by="tests",
        **(amounts | fields),
    )
    return made.public_id


@pytest.fixture
def by_status(place: Place) -> dict[str, str]:
    """One payment for every status on the wire, and only that one, of its own order."""
    wanted = {state.value: payment(place, state, order_id="status") for state in PaymentState}
    captured = {"order_id": "status", "amount_authorized": 900, "amount_captured": 900}
    wanted["refunded"] = payment(place, PaymentState.CAPTURED, **captured, amount_refunded=900)
    wanted["partially_refunded"] = payment(place, PaymentState.CAPTURED, **captured, amount_refunded=1)
    return wanted


def test_each_status_finds_its_own(place: Place, by_status: dict[str, str]) -> None:
    for status, payment_id in by_status.items():
        found = shown(place, "payments", status=status, order_id="status")
        assert [row["payment_id"] for row in found] == [payment_id], status
        assert [row["status"] for row in found] == [status]
    assert len(shown(place, "payments", order_id="status")) == len(by_status)


@pytest.mark.parametrize(
    "state", [PaymentState.REQUIRES_ACTION, PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED]
)
def test_an_attempt_whose_outcome_is_unknown_reads_and_is_found_as_processing(
    state: PaymentState, place: Place
) -> None:
    unknown = payment(place, state, order_id="unknown", attempt_state=AttemptState.UNKNOWN)
    found = shown(place, "payments", status="processing", order_id="unknown")
    assert [(row["payment_id"], row["status"]) for row in found] == [(unknown, "processing")]
    assert shown(place, "payments", status=state.value, order_id="unknown") == []


def test_what_the_answers_say_is_what_the_filter_finds(place: Place, by_status: dict[str, str]) -> None:
    every = shown(place, "payments")
    for status in {row["status"] for row in every}:
        wanted = {row["payment_id"] for row in every if row["status"] == status}
        assert {row["payment_id"] for row in shown(place, "payments", status=status)} == wanted


def test_amounts_currency_method_provider_order_and_customer(place: Place) -> None:
    other = create_customer(actor=place.actor, name="Ravi")
    small = payment(place, PaymentState.FAILED, order_id="o", amount=100, method="upi", provider="sandbox")
    large = payment(place, PaymentState.FAILED, order_id="o", amount=300, currency="USD", customer=other)
    orders = {"order_id": "o"}

    def found(**filters: Any) -> set[str]:
        return {row["payment_id"] for row in shown(place, "payments", **orders, **filters)}

    assert found() == {small, large}
    assert found(min_amount=100) == {small, large}
    assert found(min_amount=101) == {large}
    assert found(max_amount=300) == {small, large}
    assert found(max_amount=299) == {small}
    assert found(min_amount=101, max_amount=299) == set()
    assert found(currency="INR") == {small}
    assert found(currency="JPY") == set()
    assert found(method="upi") == {small}
    assert found(provider="sandbox") == {small}
    assert found(provider="Sandbox") == set()
    assert found(customer_id=other.public_id) == {large}
    assert found(customer_id="nonsense") == set()
    assert found(customer_id=f"cust_{'0' * 22}") == set()
    assert found(method="upi", currency="USD") == set()
    for injected in ("o' OR '1'='1", "o' OR 1=1--", "o%", "_", "o\\", "o;DELETE FROM payments_payment", "$1", "%s"):
        assert shown(place, "payments", order_id=injected) == []
    assert shown(place, "payments", order_id="O") == []


def test_moments_are_from_and_before(place: Place) -> None:
    hours = [DAY + timedelta(hours=hour) for hour in range(4)]
    made = [payment(place, PaymentState.FAILED, order_id="when", created_at=hour) for hour in hours]

    def found(**filters: Any) -> list[str]:
        return [row["payment_id"] for row in shown(place, "payments", order_id="when", **filters)]

    assert found(created_from=hours[1].isoformat()) == made[:0:-1]
    assert found(created_before=hours[2].isoformat()) == made[1::-1]
    assert found(created_from=hours[1].isoformat(), created_before=hours[2].isoformat()) == [made[1]]
    # The same moment in India, and without a zone (UTC).
    assert found(created_from="2026-03-01T08:30:00+05:30") == [made[3]]
    assert found(created_from="2026-03-01T03:00:00") == [made[3]]
    assert found(created_from="2026-03-02") == []


def test_refunds_methods_customers_events_ledger_and_deliveries(place: Place) -> None:
    names = place.names
    refund = Refund.objects.get(pk=ids.parse("ref", names["refund_id"]))
    assert [row["refund_id"] for row in shown(place, "refunds", payment_id=refund.payment.public_id)] == [
        refund.public_id
    ]
    assert shown(place, "refunds", payment_id=names["payment_id"]) == []
    assert shown(place, "refunds", status="failed") == []
    assert len(shown(place, "refunds", status="succeeded")) == 1
    methods = shown(place, "payment-methods", customer_id=names["customer_id"], type="card")
    assert len(methods) >= 3
    assert shown(place, "payment-methods", type="upi") == []
    assert [row["id"] for row in shown(place, "customers", email="ASHA@example.in")] == [names["customer_id"]]
    assert shown(place, "customers", email="asha@example") == []
    events = shown(place, "events", subject_id=names["refund_id"])
    assert {row["subject_id"] for row in events} == {names["refund_id"]}
    of_type = {row["type"] for row in shown(place, "events", type="payment.captured")}
    assert of_type == {"payment.captured"}
    assert Event.objects.filter(type="payment.captured", merchant_id=place.merchant.pk).exists()
    codes = {row["code"] for row in shown(place, "accounts", currency="INR")}
    assert {row["code"] for row in shown(place, "accounts", code="fee_revenue")} == {"fee_revenue"} <= codes
    assert shown(place, "accounts", currency="JPY") == []
    transfers = shown(place, "transfers", reference=refund.payment.public_id)
    assert transfers
    assert {row["reference"] for row in transfers} == {refund.payment.public_id}
    touching = shown(place, "transfers", account_id=names["account_id"])
    assert all(names["account_id"] in {row["debit_account_id"], row["credit_account_id"]} for row in touching)
    assert {row["kind"] for row in shown(place, "transfers", kind="fee")} <= {"fee"}
    deliveries = f"webhook-endpoints/{names['endpoint_id']}/deliveries"
    assert len(shown(place, deliveries, state="pending")) == len(shown(place, deliveries)) > 0
    assert shown(place, deliveries, state="delivered") == []
