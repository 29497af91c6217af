"""The demo world: made through the services in the order of time, the same for the same seed, and whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from pytest_django import Settings

from compliance.models import AuditEntry
from payments.models import Attempt, DemoWorld, Payment, PaymentMethod, Refund, RiskDecision, RiskListEntry
from payments.selectors import demo_progress
from payments.services.refund import refund_payment
from payments.tests.demo import booked_by_the_sandbox, booked_by_us, in_order, plans
from payments.tests.test_sandbox_process import Process
from rupai.accounts.models import Customer, Merchant
from rupai.approvals.services import demo as credentials
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.models import Event
from rupai.notifications.models import WebhookEndpoint
from tests.live import database_url, wait_until

pytestmark = pytest.mark.slow

NOW = datetime(2026, 6, 30, 15, 20, tzinfo=UTC)
NAMES = ["Demo Arcade", "Demo Atelier", "Demo Bazaar", "Demo Voyages"]


@pytest.fixture
def sandbox(tmp_path: Path, settings: Settings, transactional_db: None) -> Iterator[Process]:
    """A sandbox of its own process that a demo world can be loaded into."""
    settings.DATA_DIR = tmp_path
    process = Process(tmp_path / "sandbox")
    settings.SANDBOX_URL = process.start().url
    yield process
    if process.running:
        process.end(signal.SIGKILL)


def seed(payments: int, number: int = 7) -> None:
    call_command("seed_demo", payments=payments, days=30, seed=number, processes=1)


def assert_whole() -> None:
    call_command("check_invariants")
    call_command("verify_audit_chain")
    assert AuditEntry.objects.count() == Event.objects.count() > 0


def test_a_world_is_whole_and_its_payments_can_be_refunded_after_a_restart(
    sandbox: Process, settings: Settings, tmp_path: Path
) -> None:
    own = credentials.open_platform()
    with clock.at(NOW):
        seed(300)
        progress = demo_progress()
    assert progress is not None
    assert (progress.done, progress.total, progress.finished_at) == (300, 300, NOW)
    facts = plans()
    assert len(facts) == 300
    assert in_order(facts)
    assert max(fact[2] for fact in facts) > timedelta(days=29)
    worlds = DemoWorld.objects.order_by("merchant__name").values_list("merchant__name", "payments")
    assert list(worlds) == [("Demo Arcade", 45), ("Demo Atelier", 30), ("Demo Bazaar", 150), ("Demo Voyages", 75)]
    assert not Payment.objects.filter(livemode=True).exists()
    assert not Payment.objects.filter(merchant_id=Merchant.objects.get(name=own.merchant).pk).exists()
    assert not WebhookEndpoint.objects.exists()
    assert list((tmp_path / "demo").iterdir()) == []
    assert_whole()
    assert booked_by_the_sandbox(settings.SANDBOX_URL) == booked_by_us()

    sandbox.end(signal.SIGKILL)
    settings.SANDBOX_URL = sandbox.start().url
    paid = Payment.objects.filter(state="captured", amount_refunded=0, amount_refund_pending=0).exclude(
        payment_method__in=[method.pk for method in _refusing_refunds()]
    )
    payment = paid.latest("created_at")
    actor = Actor.platform("test", merchant_id=payment.merchant_id)
    refund = refund_payment(actor=actor, payment_id=payment.public_id)
    assert (refund.state, refund.amount) == ("succeeded", payment.amount_captured)
    assert booked_by_the_sandbox(settings.SANDBOX_URL) == booked_by_us()


def _refusing_refunds() -> list[PaymentMethod]:
    methods = {row.payment_method for row in Payment.objects.select_related("payment_method") if row.payment_method}
    return [method for method in methods if method.secret_token.startswith("tok_refund_")]


def test_a_world_is_believable(sandbox: Process) -> None:
    with clock.at(NOW):
        seed(600)
    assert {"INR", "USD", "EUR", "JPY"} == set(Payment.objects.values_list("currency", flat=True))
    assert {"card", "upi", "netbanking", "wallet"} == set(Payment.objects.values_list("method", flat=True))
    providers = set(Attempt.objects.values_list("provider", flat=True))
    assert providers == {"sandbox_alpha", "sandbox_beta", "sandbox_gamma"}
    states = set(Payment.objects.values_list("state", flat=True))
    assert states >= {"captured", "failed", "cancelled", "expired", "authorized", "partially_captured"}
    paid = Payment.objects.filter(amount_captured__gt=0).count()
    assert 0.75 < paid / 600 < 0.95
    assert Attempt.objects.exclude(decline_code="").values("decline_code").distinct().count() >= 8
    assert Attempt.objects.filter(number=2).exists()
    assert Refund.objects.filter(state="succeeded").count() >= 12
    assert set(Attempt.objects.filter(milliseconds=0).values_list("state", flat=True)) == set()
    # The ring's payers go too fast for one merchant's rules, and their cards end up on the block list.
    ring = Payment.objects.filter(metadata__device="device-5ca1ab1e")
    assert set(ring.values_list("amount", "currency")) == {(4_999, "USD")}
    assert RiskListEntry.objects.count() == len(set(ring.values_list("payment_method_id", flat=True))) > 0
    verdicts = set(RiskDecision.objects.filter(payment__in=ring).values_list("verdict", flat=True))
    assert verdicts == {"allow", "challenge", "block"}
    assert all(customer.email.rpartition("@")[2].startswith("example.") for customer in Customer.objects.all())


def test_the_same_seed_makes_the_same_world(sandbox: Process) -> None:
    told = []
    for number in (7, 7, 8):
        with clock.at(NOW):
            seed(120, number)
        fields = ("state", "provider", "failure_code", "attempts", "amount_captured", "amount_refunded", "updated_at")
        told.append(
            (plans(*fields), list(Attempt.objects.order_by("reference").values_list("milliseconds", flat=True)))
        )
        call_command("flush", interactive=False, verbosity=0)
    assert told[0][0] == told[1][0]
    assert sorted(filter(None, told[0][1])) == sorted(filter(None, told[1][1]))
    assert told[0][0] != told[2][0]


def test_a_killed_seeding_goes_on_where_it_stopped(sandbox: Process, settings: Settings, tmp_path: Path) -> None:
    killed = _cli(tmp_path, settings.SANDBOX_URL)
    wait_until(lambda: Payment.objects.count() >= 60, what="nothing is made")
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait(timeout=10) == -signal.SIGKILL
    before = {row.public_id for row in Payment.objects.all()}
    assert demo_progress() is not None
    assert not demo_progress().finished  # type: ignore[union-attr]

    second = _cli(tmp_path, settings.SANDBOX_URL)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    facts = plans()
    assert len(facts) == len({fact[:2] for fact in facts}) == 400
    assert in_order(facts)
    assert before <= {row.public_id for row in Payment.objects.all()}
    customers = [(row.merchant_id, row.metadata["demo_payer"]) for row in Customer.objects.all()]
    assert len(customers) == len(set(customers))
    assert PaymentMethod.objects.count() == PaymentMethod.objects.values("customer").distinct().count()
    assert_whole()
    assert booked_by_the_sandbox(settings.SANDBOX_URL) == booked_by_us()
    third = _cli(tmp_path, settings.SANDBOX_URL)
    said, _ = third.communicate(timeout=60)
    assert "The demo world is there: 400 payments of 4 merchants." in said


def _cli(data_dir: Path, sandbox_url: str) -> "subprocess.Popen[str]":
    """The command in two processes on the test's database, in a group of its own."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "rupai.settings.test",
        "DATABASE_URL": database_url(),
        "RUPAI_DATA_DIR": str(data_dir),
        "RUPAI_SANDBOX_URL": sandbox_url,
        "LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "seed_demo", "--payments", "400", "--days", "20", "--processes", "2"],
        cwd=project.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_the_processes_end_with_the_one_that_started_them(sandbox: Process, settings: Settings, tmp_path: Path) -> None:
    parent = _cli(tmp_path, settings.SANDBOX_URL)
    wait_until(lambda: Payment.objects.count() >= 10, what="nothing is made")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=10)
    time.sleep(0.5)
    made = Payment.objects.count()
    time.sleep(1.0)
    assert Payment.objects.count() == made < 400


def test_without_a_sandbox_nothing_is_begun(settings: Settings, transactional_db: None) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="sandbox acquirer does not answer"):
        seed(100)
    assert not Merchant.objects.exists()
