"""Random transfers against a small model in memory: results, balances and holds never differ."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from rupai.core.invariants import registered
from wallets.models import Hold
from wallets.selectors import balances_of
from wallets.services.accounts import NewAccount, open_accounts
from wallets.services.ledger import ALL, NewTransfer, expire_pending, post_transfers
from wallets.states import NIL, AccountFlag, TransferFlag
from wallets.tests.conftest import NOON
from wallets.tests.model import Model, ModelAccount

pytestmark = pytest.mark.slow

MERCHANT = UUID(int=1)
NONE = AccountFlag(0)
DEBITS, CREDITS = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS, AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
# Flags, overdraft and shards of the accounts with the keys 1, 2, 3 ...
ACCOUNTS = [
    (NONE, 0, 1),
    (NONE, 0, 16),
    (NONE, 0, 3),
    (DEBITS, 0, 1),
    (DEBITS, 30, 1),
    (CREDITS, 0, 1),
    (CREDITS, 15, 1),
]
KEYS = [UUID(int=place + 1) for place in range(len(ACCOUNTS))]
MISSING = UUID(int=99)
F = TransferFlag
COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted", "closed")
MOVING = (
    [F(0)] * 12 + [F.PENDING] * 16 + [F.BALANCING_DEBIT, F.BALANCING_CREDIT, F.BALANCING_DEBIT | F.BALANCING_CREDIT]
)
MOVING += [F.PENDING | F.BALANCING_DEBIT, F.PENDING | F.CLOSING_DEBIT, F.PENDING | F.CLOSING_CREDIT, F.CLOSING_DEBIT]
RESOLVING = [F.POST] * 6 + [F.VOID] * 6 + [F.POST | F.VOID, F.VOID | F.PENDING]
AMOUNTS = [0, 1, 5, 10, 20, 40, 100]


class Dice:
    """Random transfers that mostly make sense: a seed always throws the same ones."""

    def __init__(self, seed: int, step: int, model: Model) -> None:
        # Hypothesis likes small seeds and tries them again and again; the step makes of each something new.
        self.random = random.Random(f"{seed} {step}")
        self.known = list(model.transfers)
        self.sent = [one.new for one in model.transfers.values()]
        self.held = [key for key, one in model.transfers.items() if one.state == "pending"]
        self.fresh = 1000 * len(model.transfers) + 1000 * len(model.burnt) + 100

    def batch(self) -> list[NewTransfer]:
        return [self._transfer() for _ in range(self.random.randint(1, 5))]

    def _transfer(self) -> NewTransfer:
        if self.sent and self._seldom(8):
            return self.random.choice(self.sent)
        return self._resolution() if self._seldom(3) else self._move()

    def _seldom(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def _key(self) -> UUID:
        if self.known and self._seldom(8):
            return self.random.choice(self.known)
        self.fresh += self.random.randint(0, 3)
        return UUID(int=self.fresh)

    def _link(self) -> TransferFlag:
        return F.LINKED if self._seldom(5) else F(0)

    def _account(self) -> UUID:
        return MISSING if self._seldom(40) else self.random.choice(KEYS)

    def _pair(self) -> tuple[UUID, UUID]:
        if self._seldom(20):
            return self._account(), self._account()
        debit, credit = self.random.sample(KEYS, 2)
        return debit, credit

    def _kind(self) -> str:
        return "" if self._seldom(40) else "fee" if self._seldom(20) else "capture"

    def _move(self) -> NewTransfer:
        flags = self.random.choice(MOVING)
        debit, credit = self._pair()
        balancing = bool(flags & (F.BALANCING_DEBIT | F.BALANCING_CREDIT))
        new = NewTransfer(
            id=self._key(),
            debit_account=debit,
            credit_account=credit,
            amount=ALL if balancing and self._seldom(2) else self.random.choice(AMOUNTS),
            kind=self._kind(),
            flags=flags | self._link(),
            timeout=self.random.choice([0, 0, 5, 10]) if flags & F.PENDING else 5 * self._seldom(40),
            pending_id=self._key() if self._seldom(40) else NIL,
        )
        if self.held and flags & F.PENDING:
            self.held.append(new.id)
        return new

    def _resolution(self) -> NewTransfer:
        holds = self.held if self.held and not self._seldom(6) else [*self.known, NIL, MISSING]
        return NewTransfer(
            id=self._key(),
            debit_account=self._account() if self._seldom(8) else NIL,
            credit_account=self._account() if self._seldom(8) else NIL,
            amount=self.random.choice([0, 0, ALL, ALL, *AMOUNTS]),
            kind=self._kind() if self._seldom(8) else "",
            flags=self.random.choice(RESOLVING) | self._link(),
            pending_id=self.random.choice(holds),
            timeout=5 * self._seldom(40),
        )


class Ledger(RuleBasedStateMachine):
    """The real ledger and the model side by side; the transaction is rolled back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = NOON
        self.step = 0
        self.model = Model({})
        new = []
        for place, (flags, overdraft, shards) in enumerate(ACCOUNTS):
            key = UUID(int=place + 1)
            self.model.accounts[key] = ModelAccount(flags, overdraft)
            new.append(_account(key, flags, overdraft, shards))
        assert set(open_accounts(accounts=new, at=NOON)) == {"created"}

    @rule(seed=st.integers(0, 2**32 - 1))
    def post(self, seed: int) -> None:
        self.step += 1
        batch = Dice(seed, self.step, self.model).batch()
        expected = self.model.post(batch, self.now)
        posted = post_transfers(transfers=batch, at=self.now, refuse=False)
        assert [one.result for one in posted] == expected
        for one in posted:
            taken = one.result in ("created", "exists")
            assert one.amount == (self.model.transfers[one.id].amount if taken else 0)

    @rule(seconds=st.integers(1, 6), sweeps=st.booleans())
    def let_time_pass(self, seconds: int, sweeps: bool) -> None:
        self.now += timedelta(seconds=seconds)
        if sweeps:
            expire_pending(at=self.now)
            self.model.expire(self.now)

    @invariant()
    def balances_agree(self) -> None:
        real = balances_of(self.model.accounts)
        for key, account in self.model.accounts.items():
            assert _counters(real[key]) == _counters(account)

    @invariant()
    def holds_agree(self) -> None:
        states = {key: one.state for key, one in self.model.transfers.items() if one.state}
        assert dict(Hold.objects.values_list("pk", "state")) == states

    def teardown(self) -> None:
        try:
            broken = {rule.name: rule.check() for rule in registered() if rule.name in ("I1", "I2", "I3", "I7")}
            assert broken == {"I1": [], "I2": [], "I3": [], "I7": []}
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)


def _account(key: UUID, flags: AccountFlag, overdraft: int, shards: int) -> NewAccount:
    return NewAccount(
        id=key,
        merchant_id=MERCHANT,
        livemode=True,
        currency="INR",
        code=4,
        ledger=356,
        owner_id=key,
        flags=flags,
        overdraft_limit=overdraft,
        shards=shards,
    )


def _counters(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in COUNTERS}


def _settings(*, examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.django_db
def test_random_transfers_do_what_the_model_does() -> None:
    run_state_machine_as_test(Ledger, settings=_settings(examples=15, steps=30))


@pytest.mark.soak
@pytest.mark.django_db
def test_ten_thousand_random_steps_do_what_the_model_does() -> None:
    run_state_machine_as_test(Ledger, settings=_settings(examples=200, steps=50))
