"""Agents at once, in many threads and processes: by the ledger, no window of a mandate is ever exceeded."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum
from pytest_django import Settings

from payments.models import Payment
from payments.services.create import Wish, create_payment
from payments.services.refund import refund_payment
from payments.tests.agents import AgentShop
from rupai.accounts.services.agents import kill_agent
from rupai.approvals.errors import MandateRefused
from rupai.approvals.models import MandateCounter, MandateUse
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock
from tests.live import Stack
from tests.test_races import assert_invariants
from wallets.models import Transfer
from wallets.services.transfers import transfer_funds
from wallets.tests.factories import fund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MANY = 50
LIMIT, AMOUNT = 10_000, 900
WINDOWS = ["hour", "day", "month", "total"]


@pytest.fixture
def till(served: Stack, transactional_db: None, settings: Settings) -> Iterator[AgentShop]:
    """A shop whose payments go to the sandbox's own process."""
    settings.SANDBOX_URL = served.sandbox_url
    yield AgentShop()
    connections.close_all()


def outcome(act: Callable[[], Any], *, at: datetime) -> str:
    """What became of a movement: its status, or the reason why it was refused; no hour ends in the middle."""
    try:
        with clock.at(at):
            made = act()
    except MandateRefused as refused:
        return str(refused.details["reason"])
    finally:
        connections.close_all()
    return str(getattr(made, "status", "done"))


def at_once(acts: list[Callable[[], Any]]) -> Counter[str]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(partial(outcome, at=clock.now()), acts))


def payments(till: AgentShop) -> list[Callable[[], Any]]:
    """So many payments by the agent, ready to be made."""
    return [partial(create_payment, actor=till.robot, wish=till.wish(AMOUNT)) for _ in range(MANY)]


def posted(*kinds: str) -> int:
    """What the ledger says has moved, in minor units."""
    rows = Transfer.objects.filter(kind__in=kinds)
    return int(rows.aggregate(total=Sum("posted_change"))["total"] or 0)


@pytest.mark.parametrize("window", WINDOWS)
def test_fifty_payments_at_once_never_exceed_a_window(till: AgentShop, window: str) -> None:
    new_mandate(till.agent, {"INR": {window: LIMIT}})
    results = at_once(payments(till))
    assert results == {"captured": 11, f"over_{window}": 39}
    assert posted("capture") == 9_900
    assert Payment.objects.count() == 11
    counter = MandateCounter.objects.get()
    assert (counter.window, counter.used, counter.reserved, counter.ceiling) == (window, 9_900, 0, LIMIT)
    assert_invariants()


def test_payments_refunds_and_transfers_at_once_share_one_mandate(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": dict.fromkeys(WINDOWS, LIMIT)})
    fund(till.wallet, 100_000)
    paid = [till.pay(AMOUNT) for _ in range(16)]
    before = posted("capture")
    source, target = till.wallet.public_id, till.other.public_id

    send = partial(transfer_funds, from_wallet_id=source, to_wallet_id=target, amount=AMOUNT, currency="INR")

    def act(number: int) -> Callable[[], Any]:
        if number % 3 == 0:
            return partial(create_payment, actor=till.robot, wish=till.wish(AMOUNT))
        if number % 3 == 1:
            return partial(refund_payment, actor=till.robot, payment_id=paid[number // 3].public_id)
        return partial(send, actor=till.robot)

    results = at_once([act(number) for number in range(48)])
    assert results.total() - results["over_hour"] == 11
    moved = posted("capture", "wallet_transfer") - before
    given_back = sum(Payment.objects.values_list("amount_refunded", flat=True))
    assert moved + given_back == 9_900
    assert set(MandateCounter.objects.values_list("used", "reserved")) == {(9_900, 0)}
    assert_invariants()


def test_nothing_moves_after_the_kill_however_many_are_on_their_way(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": 1_000_000}})
    acts = payments(till)
    acts.insert(10, partial(kill_agent, actor=till.person, agent_id=till.agent.public_id))
    results = at_once(acts)
    assert set(results) <= {"captured", "agent_killed", "killed"}
    till.agent.refresh_from_db()
    assert till.agent.killed_at is not None
    assert not MandateUse.objects.filter(state="reserved").exists()
    assert MandateUse.objects.count() == results["captured"]
    assert posted("capture") == results["captured"] * AMOUNT
    assert outcome(payments(till)[0], at=clock.now()) == "agent_killed"
    assert_invariants()


def _pay_often(till: AgentShop, wishes: list[Wish], at: datetime) -> Counter[str]:
    return Counter(outcome(partial(create_payment, actor=till.robot, wish=wish), at=at) for wish in wishes)


def test_processes_at_once_never_exceed_a_window(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": dict.fromkeys(WINDOWS, LIMIT)})
    wishes, at = [till.wish(AMOUNT) for _ in range(48)], clock.now()
    # Each process opens its own connection.
    connections.close_all()
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        work = [pool.submit(_pay_often, till, wishes[start::4], at) for start in range(4)]
        results = sum((one.result() for one in work), Counter[str]())
    assert results == {"captured": 11, "over_hour": 37}
    assert posted("capture") == 9_900
    assert set(MandateCounter.objects.values_list("used", "reserved")) == {(9_900, 0)}
    assert_invariants()
