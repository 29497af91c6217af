"""A screen shows rows, not constants: one source row is changed through its service, and the screen says so."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.urls import reverse

from analytics.services import rollups
from compliance.audit import sequencer
from payments.models import Payment, RiskListEntry
from payments.models.decisions import Verdict
from payments.services import bulk_refund
from payments.services.capture import capture_payment
from payments.services.refund import refund_payment
from payments.tests.consoles import Person, words
from payments.tests.factories import Shop
from rupai.accounts.services import customers, keys, merchants, people
from rupai.accounts.tests.factories import actor_of, new_member, owner_of
from rupai.approvals.services import decide
from rupai.core import clock
from rupai.notifications.services import deliveries, endpoints
from rupai.notifications.tests.factories import endpoint_at
from tests.places import sandbox_in_process
from wallets.models import Transfer
from wallets.states import AccountCode

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MAIN = re.compile(r"<main.*</main>", re.S)
CHOICES = re.compile(r"<(select|datalist)\b.*?</\1>", re.S)
VALUE = re.compile(r'<input[^>]*\bvalue="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Change:
    """What is looked at, what changes it, and what is read there before and after (each only then)."""

    url: str
    do: Callable[[], object]
    before: str
    after: str


class Stage:
    """A shop with one payment of 100.00, and its owner at the console."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.actor = owner_of(self.shop.merchant)
        self.person = Person(self.shop.merchant, "owner")
        self.payment = self.shop.pay(10_000)
        self.catch_up()

    def catch_up(self) -> None:
        """Do what follows by itself: numbers, seals, sums, deliveries."""
        while sequencer.sequence():
            pass
        rollups.catch_up()
        deliveries.open_new()

    def read(self, url: str) -> str:
        """The words and the filled fields of a page, without what could be chosen."""
        answer = self.person.client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        found = MAIN.search(answer.content.decode())
        assert found is not None, url
        answer.content = CHOICES.sub(" ", found.group()).encode()
        return " | ".join([words(answer), *VALUE.findall(found.group())])

    def give_back(self) -> None:
        refund_payment(actor=self.shop.actor, payment_id=self.payment.public_id, amount=234)

    def ask(self) -> str:
        """Ask for a second person's yes, and tell the request's id."""
        amounts = {self.payment.public_id: 345}
        asked = bulk_refund.request_bulk_refund(
            actor=self.actor, amounts=amounts, reason="requested_by_customer", idempotency_key="ask-once"
        )
        return str(asked.public_id)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with sandbox_in_process():
        yield Stage()


def listed(model: str, query: str = "") -> str:
    return reverse(f"admin:{model}_changelist") + query


def payments_status(stage: Stage) -> Change:
    held = stage.shop.pay(58_000, capture="manual")

    def do() -> None:
        capture_payment(actor=stage.shop.actor, payment_id=held.public_id)

    return Change(listed("payments_payment", "?min_amount=58000"), do, "₹580.00 INR Authorized", "₹580.00 INR Captured")


def payment_amounts(stage: Stage) -> Change:
    page = reverse("admin:payment_detail", args=[stage.payment.public_id])
    return Change(page, stage.give_back, "Refunded ₹0.00", "Refunded ₹2.34")


def refunds(stage: Stage) -> Change:
    return Change(listed("payments_refund"), stage.give_back, "No refunds yet", "₹2.34 INR Succeeded")


def customers_list(stage: Stage) -> Change:
    def do() -> None:
        customers.update_customer(actor=stage.actor, customer_id=stage.shop.customer.public_id, email="usha@example.in")

    return Change(listed("accounts_customer"), do, "asha@example.in", "usha@example.in")


def customer_totals(stage: Stage) -> Change:
    page = reverse("admin:customer_detail", args=[stage.shop.customer.public_id])
    return Change(page, lambda: stage.shop.pay(777), "Kept ₹100.00", "Kept ₹107.77")


def statement(stage: Stage) -> Change:
    transfer = Transfer.objects.filter(
        reference=stage.payment.public_id, credit_account__code=AccountCode.MERCHANT_PAYABLE
    ).first()
    assert transfer is not None
    page = reverse("admin:wallet_statement", args=[transfer.credit_account.public_id])
    return Change(page, lambda: stage.shop.pay(777), "Balance ₹98.10", "Balance ₹105.72")


def ledger_accounts(stage: Stage) -> Change:
    return Change(listed("wallets_account"), lambda: stage.shop.pay(777), "₹100.00", "₹107.77")


def events(stage: Stage) -> Change:
    return Change(listed("core_event"), stage.give_back, "3 events", "refund.succeeded")


def audit(stage: Stage) -> Change:
    return Change(listed("compliance_auditentry"), stage.give_back, "3 audit entries", "refund.succeeded")


def webhook_deliveries(stage: Stage) -> Change:
    endpoint = endpoint_at("https://example.com/hooks", actor=stage.actor, patterns=["payment.captured"])
    stage.shop.pay(777)
    stage.catch_up()

    def do() -> None:
        endpoints.delete_endpoint(actor=stage.actor, endpoint_id=endpoint.public_id)

    return Change(listed("notifications_webhookdelivery"), do, "payment.captured Pending", "payment.captured Discarded")


def webhook_endpoints(stage: Stage) -> Change:
    endpoint = endpoint_at("https://example.com/hooks", actor=stage.actor)

    def do() -> None:
        endpoints.update_endpoint(actor=stage.actor, endpoint_id=endpoint.public_id, url="https://example.com/others")

    return Change(listed("notifications_webhookendpoint"), do, "example.com/hooks", "example.com/others")


def approvals(stage: Stage) -> Change:
    asked = stage.ask()
    second = actor_of(new_member(stage.shop.merchant, "admin"))

    def do() -> None:
        decide.reject(actor=second, approval_id=asked, reason="Not this month")

    return Change(reverse("admin:approval_detail", args=[asked]), do, "Approve and carry out", "Not this month")


def approvals_queue(stage: Stage) -> Change:
    return Change(reverse("admin:approvals"), stage.ask, "Nothing waits", "Refund 1 payment: ₹3.45")


def api_keys(stage: Stage) -> Change:
    made = keys.create_key(actor=stage.actor, name="Till 7", scopes=["payments:read"])

    def do() -> None:
        keys.revoke_key(actor=stage.actor, key_id=made.key.public_id)

    return Change(listed("accounts_apikey"), do, "Till 7 Active", "Till 7 Revoked")


def users(stage: Stage) -> Change:
    member = new_member(stage.shop.merchant, "viewer", email="usha@example.in")

    def do() -> None:
        people.change_member(actor=stage.actor, user_id=member.user.public_id, role="developer")

    return Change(listed("accounts_membership"), do, "viewer", "developer")


def settings_page(stage: Stage) -> Change:
    def do() -> None:
        merchants.change_settings(
            actor=stage.actor, before={"name": stage.shop.merchant.name}, after={"name": "Kapi House"}
        )

    return Change(reverse("admin:settings"), do, "| Chai House", "| Kapi House")


def overview_figures(stage: Stage) -> Change:
    return Change(reverse("admin:index"), lambda: stage.shop.pay(777), "Gross volume ₹100.00", "Gross volume ₹107.77")


def overview_alerts(stage: Stage) -> Change:
    return Change(reverse("admin:index"), stage.ask, "Nothing needs you", "1 approval waits for a decision")


def overview_recent(stage: Stage) -> Change:
    return Change(reverse("admin:index"), stage.give_back, "₹100.00 INR Captured", "₹100.00 INR Partially refunded")


def revenue_figures(stage: Stage) -> Change:
    return Change(reverse("admin:revenue"), lambda: stage.shop.pay(777), "Gross ₹100.00", "Gross ₹107.77")


def fraud_patterns(stage: Stage) -> Change:
    blocked = RiskListEntry(
        merchant_id=stage.shop.merchant.pk,
        livemode=False,
        created_at=clock.now(),
        kind=RiskListEntry.Kind.CUSTOMER,
        value=stage.shop.customer.public_id,
        verdict=Verdict.BLOCK,
    )

    def do() -> None:
        blocked.save(force_insert=True)
        stage.shop.pay(777)

    return Change(reverse("admin:fraud_patterns"), do, "Nothing stands out", "100.0 % Deny")


CASES = [
    payments_status, payment_amounts, refunds, customers_list, customer_totals, statement, ledger_accounts, events,
    audit, webhook_deliveries, webhook_endpoints, approvals, approvals_queue, api_keys, users, settings_page,
    overview_figures, overview_alerts, overview_recent, revenue_figures, fraud_patterns,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_changed_row_changes_the_screen(stage: Stage, case: Callable[[Stage], Change]) -> None:
    change = case(stage)
    shown = stage.read(change.url)
    assert change.before in shown, shown
    assert change.after not in shown, shown
    change.do()
    stage.catch_up()
    shown = stage.read(change.url)
    assert change.after in shown, shown
    assert change.before not in shown, shown


def test_every_payment_is_seen_once_in_the_list(stage: Stage) -> None:
    """The list has as many rows as the table, before and after one more."""
    for _ in range(2):
        answer = stage.person.client.get(listed("payments_payment"))
        assert answer.content.decode().count("<tr data-href") == Payment.objects.count()
        stage.shop.pay(777)
