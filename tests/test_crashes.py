"""kill -9 at named points of web server and worker: nothing is lost, nothing is taken twice, the janitor ends it all.

Each kill is a SIGKILL of a real process at a failpoint; the proof is the sandbox's own list of charges.
"""

import signal
from datetime import timedelta

import pytest
import urllib3
from pytest_django import Settings

from payments.models import Attempt, Payment, Refund
from payments.services import janitor
from payments.states import AttemptState
from rupai.core import clock
from rupai.core.idempotency import LEASE
from rupai.core.models import IdempotencyRecord
from tests.live import LiveShop, Process, Stack, open_shop, wait_until
from tests.test_races import assert_invariants

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PLACES = ["before_call", "after_call", "before_commit", "after_commit"]
OPERATIONS = ["authorize", "capture", "void", "refund"]
WEB_POINTS = ["authorize.before_intent_commit", *(f"{name}.{place}" for name in OPERATIONS for place in PLACES)]
WORKER_POINTS = [f"settle.{place}" for place in PLACES]
SOAK = 20


@pytest.fixture
def stack(killable: Stack, settings: Settings) -> Stack:
    settings.SANDBOX_URL = killable.sandbox_url
    return killable


def prepare(shop: LiveShop, operation: str) -> tuple[str, dict[str, object]]:
    """Make what the operation needs, and give the path and body of the call that will be killed."""
    if operation == "authorize":
        return "/payments", shop.wish(10_000)
    held = operation in {"capture", "void"}
    made = shop.shop.pay(10_000, capture="manual" if held else "automatic")
    assert made.status == ("authorized" if held else "captured")
    name = {"capture": "capture", "void": "cancel", "refund": "refunds"}[operation]
    return f"/payments/{made.public_id}/{name}", {}


def kill_once(stack: Stack, point: str) -> None:
    """Kill the web server at a point of one call, retry the call, let the janitor sweep twice, and check everything."""
    shop = open_shop(stack)
    path, body = prepare(shop, point.partition(".")[0])
    process = stack.start_web(RUPAI_CRASH_AT=point)
    with pytest.raises(urllib3.exceptions.HTTPError):
        shop.post(path, body, once="killed-0001")
    assert process.wait(10) == -signal.SIGKILL
    stack.processes.pop("web")
    stack.start_web()
    held = shop.post(path, body, once="killed-0001")
    assert held.status == 409, "the lease of the dead request still holds"
    IdempotencyRecord.objects.update(leased_until=clock.now() - LEASE)
    Attempt.objects.update(created_at=clock.now() - LEASE, updated_at=clock.now() - LEASE)
    Refund.objects.update(created_at=clock.now() - LEASE)
    retried = shop.post(path, body, once="killed-0001")
    sweep_twice()
    verify(shop, path, retried.status)
    stack.stop("web")


def sweep_twice() -> None:
    for minutes in (10, 80):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            janitor.sweep()


def verify(shop: LiveShop, path: str, status: int) -> None:
    """Compare our books with the sandbox's; nothing may be open any more."""
    assert not Attempt.objects.filter(state__in=[AttemptState.STARTED, AttemptState.UNKNOWN]).exists()
    assert not Refund.objects.filter(state="pending").exists()
    charges = {charge["reference"]: charge for charge in shop.charges()}
    for attempt in Attempt.objects.select_related("payment"):
        payment: Payment = attempt.payment
        charge = charges.pop(attempt.reference, None)
        taken = charge["amount_captured"] if charge else 0
        given_back = charge["amount_refunded"] if charge else 0
        assert payment.amount_captured == taken, (payment.state, charge)
        assert payment.amount_refunded == given_back, (payment.state, charge)
    assert not charges, "the sandbox holds a charge that we do not know"
    if path == "/payments":
        assert Payment.objects.count() == 1
        assert status in {201, 202, 402}
    else:
        assert status in {200, 201, 202, 402, 409}
    assert_invariants()


@pytest.mark.parametrize("point", WEB_POINTS)
def test_a_killed_web_server_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_once(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", WEB_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_web_server_many_times(stack: Stack, point: str, again: int) -> None:
    kill_once(stack, point)


def kill_worker_once(stack: Stack, point: str) -> None:
    """Leave a payment unknown, kill the worker while it asks, and let the next sweep end it."""
    stack.start_web()
    shop = open_shop(stack)
    unknown = shop.post("/payments", shop.wish(10_000, token="tok_timeout_after"), once="order-0001")
    assert (unknown.status, unknown.body["status"]) == (202, "processing")
    worker = start_worker(stack, RUPAI_CRASH_AT=point)
    assert shop.get(f"/payments/{unknown.body['payment_id']}").status == 200
    assert worker.wait(40) == -signal.SIGKILL, stack.log_of("worker")
    stack.processes.pop("worker")
    sweep_twice()
    assert shop.get(f"/payments/{unknown.body['payment_id']}").body["status"] == "captured"
    verify(shop, "/payments", 202)
    stack.stop("web")


def start_worker(stack: Stack, **environment: str) -> Process:
    return stack.fork("worker", "celery", "worker", "--pool", "solo", "-Q", "payments", "-n", "t@%h", **environment)


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_killed_worker_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_worker_once(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", WORKER_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_worker_many_times(stack: Stack, point: str, again: int) -> None:
    kill_worker_once(stack, point)


@pytest.mark.parametrize(
    ("token", "status", "charged"),
    [("tok_timeout_after", "captured", 1), ("tok_timeout_before", "failed", 0)],
)
def test_a_time_out_is_asked_about_and_never_charged_again(stack: Stack, token: str, status: str, charged: int) -> None:
    stack.start_web()
    shop = open_shop(stack)
    wish = shop.wish(10_000, token=token)
    first = shop.post("/payments", wish, once="order-0001")
    assert (first.status, first.body["status"]) == (202, "processing")
    again = shop.post("/payments", wish, once="order-0001")
    assert again.raw == first.raw
    sweep_twice()
    path = f"/payments/{first.body['payment_id']}"
    wait_until(lambda: bool(shop.get(path).body["status"] == status), what=status, seconds=5)
    assert len(shop.charges()) == charged
    verify(shop, "/payments", 202)
