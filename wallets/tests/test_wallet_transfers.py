"""Money between wallets: what is refused, what is told, and what happens when it is sent again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rupai.core import clock, ids
from rupai.core.errors import NotFound
from rupai.core.invariants import registered
from rupai.core.models import Event
from wallets.errors import (
    HoldResolved,
    HoldTooSmall,
    InsufficientFunds,
    LimitExceeded,
    OverdraftInUse,
    SameWallet,
    TransferIdTaken,
)
from wallets.models import Entry, Transfer, Wallet, WalletTransfer
from wallets.selectors import balance_of
from wallets.selectors.limits import windows_of
from wallets.services.accounts import chart_accounts, forget_charts
from wallets.services.holds import capture_hold, expire_holds, hold_funds, release_hold
from wallets.services.limits import set_level_limits, set_limits, set_overdraft
from wallets.services.transfers import transfer_funds
from wallets.tests.factories import Purse, fund, has

pytestmark = pytest.mark.django_db
NO_LIMITS: dict[str, Any] = {"per_transaction": None, "per_day": None, "per_month": None}


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


@pytest.fixture
def source(purse: Purse) -> Wallet:
    return purse.wallet(100_00)


@pytest.fixture
def target(purse: Purse) -> Wallet:
    return purse.wallet()


def send(purse: Purse, source: Wallet, target: Wallet, amount: int, **more: Any) -> WalletTransfer:
    return transfer_funds(
        actor=purse.actor,
        from_wallet_id=source.public_id,
        to_wallet_id=target.public_id,
        amount=amount,
        currency=source.currency,
        **more,
    )


def hold(purse: Purse, wallet: Wallet, amount: int, **more: Any) -> str:
    return hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=amount, **more).transfer.public_id


def limit(purse: Purse, wallet: Wallet, **limits: int | None) -> None:
    set_limits(actor=purse.actor, wallet_id=wallet.public_id, **{**NO_LIMITS, **limits})


def broken() -> list[str]:
    return [rule.name for rule in registered() if rule.check()]


def test_a_transfer_is_one_ledger_transfer_and_one_event(purse: Purse, source: Wallet, target: Wallet) -> None:
    sent = send(purse, source, target, 30_00, description="For Asha's lunch")
    assert (has(source), has(target)) == ((70_00, 0), (30_00, 0))
    moved = Transfer.objects.get(kind="wallet_transfer")
    assert (moved.pk, moved.amount, moved.reference) == (sent.pk, 30_00, sent.public_id)
    assert (moved.debit_account_id, moved.credit_account_id) == (source.account_id, target.account_id)
    event = Event.objects.get(type="wallet.transferred")
    assert event.subject_id == source.public_id
    assert event.data == sent.public()
    assert "Asha" not in str(event.data)
    assert broken() == []


def test_more_than_is_available_is_refused(purse: Purse, source: Wallet, target: Wallet) -> None:
    hold(purse, source, 40_00)
    with pytest.raises(InsufficientFunds) as refused:
        send(purse, source, target, 60_01)
    assert refused.value.details == {"wallet": source.public_id, "available": 60_00, "currency": "INR"}
    assert (has(source), has(target)) == ((60_00, 40_00), (0, 0))
    assert not WalletTransfer.objects.exists()
    assert not Event.objects.filter(type="wallet.transferred").exists()
    send(purse, source, target, 60_00)
    assert has(source) == (0, 40_00)


def test_a_wallet_does_not_send_to_itself(purse: Purse, source: Wallet) -> None:
    with pytest.raises(SameWallet):
        send(purse, source, source, 1)
    assert has(source) == (100_00, 0)


def test_the_same_transfer_sent_again_moves_nothing(purse: Purse, source: Wallet, target: Wallet) -> None:
    key = ids.new_key()
    first = send(purse, source, target, 60_00, idempotency_id=key)
    assert first.pk == key
    # The balance would not afford a second one, and is not asked.
    again = send(purse, source, target, 60_00, idempotency_id=key)
    assert again.public() == first.public()
    with pytest.raises(TransferIdTaken):
        send(purse, source, target, 60_01, idempotency_id=key)
    assert has(target) == (60_00, 0)
    assert Event.objects.filter(type="wallet.transferred").count() == 1


def test_an_overdraft_is_spendable_and_not_taken_back_while_used(purse: Purse, source: Wallet, target: Wallet) -> None:
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id}
    set_overdraft(**name, overdraft_limit=50_00)
    assert has(source) == (150_00, 0)
    send(purse, source, target, 130_00)
    assert (balance_of(source.account_id).posted, has(source)) == (-30_00, (20_00, 0))
    with pytest.raises(InsufficientFunds):
        send(purse, source, target, 20_01)
    with pytest.raises(OverdraftInUse) as refused:
        set_overdraft(**name, overdraft_limit=29_99)
    assert refused.value.details["in_use"] == 30_00
    set_overdraft(**name, overdraft_limit=30_00)
    assert has(source) == (0, 0)
    changed = Event.objects.filter(type="wallet.limits_changed").order_by("inserted")
    assert [event.changes for event in changed] == [
        {"overdraft_limit": [0, 50_00]},
        {"overdraft_limit": [50_00, 30_00]},
    ]
    assert broken() == []


def test_a_hold_is_taken_in_part_and_the_rest_let_go(purse: Purse, source: Wallet) -> None:
    held = hold(purse, source, 40_00, reference="order-7")
    assert has(source) == (60_00, 40_00)
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id, "hold_id": held}
    with pytest.raises(HoldTooSmall):
        capture_hold(**name, amount=40_01)
    shown = capture_hold(**name, amount=25_00).public()
    assert (shown["status"], shown["amount"], shown["captured"], shown["reference"]) == (
        "captured",
        40_00,
        25_00,
        "order-7",
    )
    assert has(source) == (75_00, 0)
    chart = chart_accounts(merchant_id=purse.merchant.pk, livemode=False, currency="INR")
    assert balance_of(chart.merchant_payable).posted == 25_00
    for end in (capture_hold, release_hold):
        with pytest.raises(HoldResolved):
            end(**name)
    assert has(source) == (75_00, 0)


def test_a_hold_ends_when_its_time_is_up(purse: Purse, source: Wallet) -> None:
    now = clock.now()
    with clock.at(now):
        held = hold(purse, source, 40_00, expires_in=60)
    assert expire_holds(at=now + timedelta(seconds=59)) == 0
    assert has(source) == (60_00, 40_00)
    late = now + timedelta(seconds=60)
    with clock.at(late), pytest.raises(HoldResolved):
        capture_hold(actor=purse.actor, wallet_id=source.public_id, hold_id=held)
    assert expire_holds(at=late) == 1
    assert expire_holds(at=late) == 0
    assert has(source) == (100_00, 0)
    told = Event.objects.get(type="wallet.released")
    assert (told.data["status"], told.changes, told.actor) == (
        "expired",
        {"status": ["held", "expired"]},
        "platform:expire_holds",
    )


def test_holds_and_captures_sent_again_change_nothing(purse: Purse, source: Wallet) -> None:
    making, ending = ids.new_key(), ids.new_key()
    held = hold(purse, source, 60_00, idempotency_id=making)
    assert hold(purse, source, 60_00, idempotency_id=making) == held
    with pytest.raises(TransferIdTaken):
        hold(purse, source, 60_01, idempotency_id=making)
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id, "hold_id": held}
    first = capture_hold(**name, idempotency_id=ending).public()
    assert capture_hold(**name, idempotency_id=ending).public() == first
    assert has(source) == (40_00, 0)
    told = Event.objects.filter(type__in=["wallet.held", "wallet.hold_captured"])
    assert sorted(told.values_list("type", flat=True)) == ["wallet.held", "wallet.hold_captured"]


def test_another_wallets_hold_is_not_found(purse: Purse, source: Wallet, target: Wallet) -> None:
    held, funding = hold(purse, source, 1_00), Transfer.objects.earliest("created_at").public_id
    for end in (capture_hold, release_hold):
        with pytest.raises(NotFound):
            end(actor=purse.actor, wallet_id=target.public_id, hold_id=held)
        with pytest.raises(NotFound):
            end(actor=purse.actor, wallet_id=source.public_id, hold_id=funding)
    assert has(source) == (99_00, 1_00)


def test_one_movement_is_limited(purse: Purse, source: Wallet, target: Wallet) -> None:
    limit(purse, source, per_transaction=10_00)
    with pytest.raises(LimitExceeded) as refused:
        send(purse, source, target, 10_01)
    assert refused.value.details == {
        "wallet": source.public_id,
        "window": "per_transaction",
        "limit": 10_00,
        "used": 0,
        "remaining": 10_00,
        "currency": "INR",
        "resets_at": None,
    }
    with pytest.raises(LimitExceeded):
        hold(purse, source, 10_01)
    send(purse, source, target, 10_00)
    send(purse, source, target, 10_00)
    assert has(source) == (80_00, 0)


def test_a_day_is_the_merchants_own_and_holds_count_in_it(purse: Purse) -> None:
    # Kolkata is five and a half hours ahead: its 2 March begins at 18:30 UTC of the 1st.
    evening = datetime(2026, 3, 1, 18, 29, tzinfo=UTC)
    with clock.at(evening):
        source, target = purse.wallet(100_00), purse.wallet()
        limit(purse, source, per_day=30_00)
        send(purse, source, target, 20_00)
        kept = hold(purse, source, 10_00)
        with pytest.raises(LimitExceeded) as refused:
            send(purse, source, target, 1)
        assert refused.value.details["window"] == "per_day"
        assert refused.value.details["resets_at"] == "2026-03-02T00:00:00+05:30"
    with clock.at(evening + timedelta(minutes=1)):
        # The new day owes nothing to what was posted, but the hold may be taken in it.
        source.refresh_from_db()
        [window] = windows_of(source, at=clock.now())
        assert (window.used, window.remaining) == (10_00, 20_00)
        release_hold(actor=purse.actor, wallet_id=source.public_id, hold_id=kept)
        send(purse, source, target, 30_00)
        with pytest.raises(LimitExceeded):
            hold(purse, source, 1)
    assert has(target) == (50_00, 0)


def test_a_month_is_the_merchants_own(purse: Purse) -> None:
    with clock.at(datetime(2026, 2, 28, 18, 29, tzinfo=UTC)):
        source, target = purse.wallet(100_00), purse.wallet()
        limit(purse, source, per_month=30_00, per_day=25_00)
        send(purse, source, target, 25_00)
    with clock.at(datetime(2026, 2, 28, 18, 30, tzinfo=UTC)):
        send(purse, source, target, 20_00)
    with clock.at(datetime(2026, 3, 31, 18, 29, tzinfo=UTC)):
        with pytest.raises(LimitExceeded) as refused:
            send(purse, source, target, 10_01)
        assert (refused.value.details["window"], refused.value.details["remaining"]) == ("per_month", 10_00)
        assert refused.value.details["resets_at"] == "2026-04-01T00:00:00+05:30"
        send(purse, source, target, 10_00)
    assert has(target) == (55_00, 0)


def test_a_level_limits_wallets_without_a_limit_of_their_own(purse: Purse, source: Wallet, target: Wallet) -> None:
    level: dict[str, Any] = {"actor": purse.actor, "currency": "INR", "per_day": None, "per_month": None}
    set_level_limits(**level, kyc_level=0, per_transaction=5_00)
    set_level_limits(**level, kyc_level=2, per_transaction=50_00)
    with pytest.raises(LimitExceeded):
        send(purse, source, target, 5_01)
    set_limits(actor=purse.actor, wallet_id=source.public_id, **NO_LIMITS, kyc_level=2)
    with pytest.raises(LimitExceeded):
        send(purse, source, target, 50_01)
    limit(purse, source, per_transaction=60_00)
    send(purse, source, target, 60_00)
    told = Event.objects.filter(type="wallet_limits.changed").order_by("inserted")
    assert [event.changes for event in told] == [{"per_transaction": [None, 5_00]}, {"per_transaction": [None, 50_00]}]


def test_no_entry_of_a_wallet_is_below_zero(purse: Purse, source: Wallet, target: Wallet) -> None:
    for amount in (60_00, 30_00, 20_00, 10_00):
        if amount <= has(source)[0]:
            send(purse, source, target, amount)
    fund(source, 5_00)
    entries = Entry.objects.filter(account_id=source.account_id)
    assert [one.credits_posted - one.debits_posted for one in entries.order_by("version")] == [
        100_00,
        40_00,
        10_00,
        0,
        5_00,
    ]
