"""The rules of the ledger are clean after ordinary work, and each finds a planted fault."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from rupai.core import ids
from rupai.core.invariants import registered
from wallets.services.accounts import Chart
from wallets.services.ledger import linked, pending, post_pending, post_transfers
from wallets.services.limits import set_overdraft
from wallets.services.wallets import close_wallet
from wallets.tests.conftest import NOON, transfer
from wallets.tests.factories import Purse

pytestmark = pytest.mark.django_db

OURS = ("I1", "I2", "I3", "I7")


def broken() -> set[str]:
    return {rule.name for rule in registered() if rule.name in OURS and rule.check()}


def broken_lately() -> set[str]:
    """The rules that do not hold for what has changed in the last hour."""
    since = NOON - timedelta(hours=1)
    return {rule.name for rule in registered() if rule.name in OURS and rule.recent and rule.recent(since)}


def falsify(statement: str, *parameters: object) -> None:
    """Write past the guards, as a bulk load or a restored backup could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE wallets_transfer DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE wallets_counters DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE wallets_counters DROP CONSTRAINT counters_within_limits")
        cursor.execute("ALTER TABLE wallets_hold DISABLE TRIGGER USER")
        cursor.execute(statement, list(parameters))  # type: ignore[arg-type]


@pytest.fixture
def held(chart: Chart, wallet: UUID) -> UUID:
    """A day's work: a capture with its fee, a top-up, a refund that was posted and one that is still held."""
    gross = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    fee = transfer(chart.merchant_payable, chart.fee_revenue, 1_90, kind="fee")
    refund = pending(transfer(chart.merchant_payable, chart.provider_clearing, 30_00, kind="refund"))
    other = pending(transfer(chart.merchant_payable, chart.provider_clearing, 20_00, kind="refund"))
    top_up = transfer(chart.provider_clearing, wallet, 50_00, kind="top_up")
    post_transfers(transfers=[linked(gross), fee, refund, other, top_up], at=NOON)
    post_transfers(transfers=[post_pending(refund.id, key=ids.new_key(), amount=25_00)], at=NOON)
    return other.id


def test_all_rules_are_registered_and_clean_after_a_day_of_work(held: UUID) -> None:
    assert set(OURS) <= {rule.name for rule in registered()}
    assert broken() == set()
    assert broken_lately() == set()


def test_counters_that_do_not_balance_are_found(chart: Chart, held: UUID) -> None:
    falsify("UPDATE wallets_counters SET credits_posted = credits_posted + 1 WHERE account_id = %s", chart.bank)
    assert broken() == {"I1", "I2"}


def test_counters_that_are_not_the_sum_of_their_entries_are_found(chart: Chart, held: UUID) -> None:
    falsify(
        "UPDATE wallets_counters SET credits_posted = credits_posted + 1, debits_posted = debits_posted + 1 "
        "WHERE account_id = %s",
        chart.bank,
    )
    assert broken() == {"I2"}


def test_a_missing_transfer_is_found(held: UUID) -> None:
    falsify("DELETE FROM wallets_transfer WHERE kind = 'fee'")
    assert broken() == {"I2"}
    assert broken_lately() == {"I2"}


def test_a_version_that_skips_an_entry_is_found(wallet: UUID, held: UUID) -> None:
    falsify("UPDATE wallets_counters SET version = version + 1 WHERE account_id = %s", wallet)
    assert broken() == {"I2"}
    assert broken_lately() == {"I2"}


def test_an_account_below_its_limit_is_found(wallet: UUID, held: UUID) -> None:
    falsify("UPDATE wallets_counters SET debits_posted = 5001 WHERE account_id = %s", wallet)
    assert "I3" in broken()
    assert broken_lately() == {"I2", "I3"}


def test_counters_that_forgot_their_limit_are_found(wallet: UUID, held: UUID) -> None:
    falsify("UPDATE wallets_counters SET debits_may_exceed_by = NULL WHERE account_id = %s", wallet)
    assert broken() == {"I3"}


@pytest.mark.parametrize("change", ["debits_may_exceed_by = 1", "closed = true"])
def test_counters_that_do_not_repeat_their_wallet_are_found(change: str) -> None:
    purse = Purse()
    wallet = purse.wallet(10_00)
    set_overdraft(actor=purse.actor, wallet_id=wallet.public_id, overdraft_limit=5_00)
    close_wallet(actor=purse.actor, wallet_id=purse.wallet().public_id)
    assert broken() == set()
    falsify(f"UPDATE wallets_counters SET {change} WHERE account_id = %s", wallet.account_id)
    assert broken() == {"I3"}


def test_a_hold_that_does_not_show_in_the_pending_counters_is_found(held: UUID) -> None:
    falsify("UPDATE wallets_hold SET state = 'voided' WHERE transfer_id = %s", held)
    assert broken() == {"I7"}
    assert broken_lately() == {"I7"}


def test_a_closed_hold_that_names_another_transfer_is_found(held: UUID) -> None:
    falsify("UPDATE wallets_hold SET resolved_by_id = %s WHERE state = 'posted'", held)
    assert broken() == {"I7"}
    assert broken_lately() == {"I7"}


def test_a_hold_that_was_forgotten_is_found(held: UUID) -> None:
    falsify("DELETE FROM wallets_hold WHERE transfer_id = %s", held)
    assert broken() == {"I7"}
