"""Quotes, and the exchange that each of them is good for: exact amounts in every account, once or not at all."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rupai.accounts.tests.factories import owner_of
from rupai.core import clock, ids
from rupai.core.errors import DomainError, NotFound, ScopeMissing
from rupai.core.models import Event
from wallets.errors import (
    InsufficientFunds,
    LimitExceeded,
    QuoteExpired,
    QuoteMismatch,
    QuoteUsed,
    WalletClosed,
    WalletFrozen,
)
from wallets.fx import AmountNotExchangeable, SameCurrency
from wallets.models import FxQuote, Transfer
from wallets.selectors.fx import RateUnknown
from wallets.services.fx_exchange import exchange
from wallets.services.fx_quotes import quote_fx
from wallets.services.fx_terms import TermsChanged, set_spread, spread_of
from wallets.services.limits import set_limits
from wallets.services.wallets import close_wallet, freeze_wallet
from wallets.tests.fx_world import FxWorld, broken_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> FxWorld:
    return FxWorld()


def swap(world: FxWorld, quote: FxQuote, **changed: Any) -> FxQuote:
    given = {"from_wallet_id": world.dollars.public_id, "to_wallet_id": world.rupees.public_id}
    return exchange(actor=world.actor, quote_id=quote.public_id, **{**given, **changed})


def untouched(world: FxWorld, quote: FxQuote) -> bool:
    quote.refresh_from_db()
    moved = Transfer.objects.filter(reference=quote.public_id).exists()
    told = Event.objects.filter(type="fx.exchanged").exists()
    return not (moved or told) and quote.used_at is None and world.balance(world.dollars) == 100_00


def test_a_quote_names_every_amount(world: FxWorld) -> None:
    now = clock.now()
    with clock.at(now):
        quote = world.quote()
    assert quote.expires_at == now + timedelta(seconds=60)
    assert (quote.from_amount, quote.spread_amount, quote.to_amount) == (100_00, 50, 8270_44)
    assert (quote.mid_rate, quote.rate, quote.spread_bps) == (Decimal("83.12"), Decimal("82.7044"), 50)
    assert quote.public()["spread_currency"] == "USD"
    assert not Transfer.objects.filter(reference=quote.public_id).exists()


def test_a_quote_for_what_is_wanted_takes_the_least_that_buys_it(world: FxWorld) -> None:
    quote = quote_fx(actor=world.actor, from_currency="USD", to_currency="INR", amount=8270_44, side="to")
    assert (quote.from_amount, quote.spread_amount, quote.to_amount) == (100_00, 50, 8270_44)


def test_an_exchange_moves_exactly_what_was_quoted(world: FxWorld) -> None:
    quote = swap(world, world.quote())
    assert (world.balance(world.dollars), world.balance(world.rupees)) == (0, 8270_44)
    assert (world.held("fx_liquidity", "USD"), world.held("fx_liquidity", "INR")) == (99_50, -8270_44)
    assert (world.held("fee_revenue", "USD"), world.held("fee_revenue", "INR")) == (50, 0)
    chain = Transfer.objects.filter(reference=quote.public_id).values_list("kind", "amount")
    assert sorted(chain) == [("fx", 99_50), ("fx", 8270_44), ("fx_spread", 50)]
    assert broken_rules() == {}
    stored = FxQuote.objects.get(pk=quote.pk)
    assert stored.used_by == ids.public_id(Transfer.prefix, quote.pk)
    assert Transfer.objects.get(pk=quote.pk).debit_account_id == world.dollars.account_id


def test_an_exchange_is_told_with_its_amounts(world: FxWorld) -> None:
    quote = swap(world, world.quote())
    event = Event.objects.get(type="fx.exchanged")
    assert event.subject_id == quote.public_id
    assert event.data == quote.public()
    assert event.data["from_wallet_id"] == world.dollars.public_id
    assert event.data["transfer_id"] == quote.used_by


def test_without_a_spread_there_is_no_transfer_for_it(world: FxWorld) -> None:
    set_spread(actor=world.actor, spread_bps=0, seen=50)
    quote = swap(world, world.quote())
    assert (quote.spread_amount, world.balance(world.rupees)) == (0, 8312_00)
    assert Transfer.objects.filter(reference=quote.public_id).count() == 2
    assert world.held("fee_revenue", "USD") == 0
    assert broken_rules() == {}


def test_the_same_idempotency_id_gets_the_same_exchange(world: FxWorld) -> None:
    quote, once = world.quote(40_00), ids.new_key()
    first = swap(world, quote, idempotency_id=once)
    with clock.at(quote.expires_at + timedelta(days=1)):
        assert swap(world, quote, idempotency_id=once) == first
    for other in (ids.new_key(), None):
        with pytest.raises(QuoteUsed):
            swap(world, quote, idempotency_id=other)
    assert world.balance(world.dollars) == 60_00
    assert Event.objects.filter(type="fx.exchanged").count() == 1


def test_a_quote_holds_until_it_expires_and_not_longer(world: FxWorld) -> None:
    early, late = world.quote(10_00), world.quote()
    with clock.at(early.expires_at - timedelta(microseconds=1)):
        swap(world, early)
    with clock.at(late.expires_at), pytest.raises(QuoteExpired):
        swap(world, late)
    assert world.balance(world.dollars) == 90_00
    assert FxQuote.objects.get(pk=late.pk).used_at is None


def _freeze(world: FxWorld, wallet: str) -> None:
    freeze_wallet(actor=world.actor, wallet_id=getattr(world, wallet).public_id)


def _limit(world: FxWorld) -> None:
    set_limits(
        actor=world.actor, wallet_id=world.dollars.public_id, per_transaction=99_99, per_day=None, per_month=None
    )


@pytest.mark.parametrize(
    ("before", "refusal"),
    [
        (lambda world: _freeze(world, "dollars"), WalletFrozen),
        (lambda world: _freeze(world, "rupees"), WalletFrozen),
        (lambda world: close_wallet(actor=world.actor, wallet_id=world.rupees.public_id), WalletClosed),
        (_limit, LimitExceeded),
    ],
    ids=["source frozen", "target frozen", "target closed", "limit, spread included"],
)
def test_a_wallet_that_may_not_is_refused(
    world: FxWorld, before: Callable[[FxWorld], Any], refusal: type[DomainError]
) -> None:
    quote = world.quote()
    before(world)
    with pytest.raises(refusal):
        swap(world, quote)
    assert untouched(world, quote)


def test_more_than_there_is_is_refused_and_the_quote_stays_good(world: FxWorld) -> None:
    quote = world.quote(100_01)
    with pytest.raises(InsufficientFunds):
        swap(world, quote)
    assert untouched(world, quote)
    world.pay_in(world.dollars, 1)
    assert swap(world, quote).used_at is not None
    assert world.balance(world.dollars) == 0


def test_wallets_of_other_currencies_are_refused(world: FxWorld) -> None:
    quote, euros = world.quote(), world.wallet("EUR")
    swapped = {"from_wallet_id": world.rupees.public_id, "to_wallet_id": world.dollars.public_id}
    for changed in (swapped, {"to_wallet_id": euros.public_id}, {"to_wallet_id": world.dollars.public_id}):
        with pytest.raises(QuoteMismatch):
            swap(world, quote, **changed)
    assert untouched(world, quote)


def test_what_is_another_merchants_or_modes_does_not_exist(world: FxWorld) -> None:
    quote, other = world.quote(), FxWorld()
    live = owner_of(world.merchant, livemode=True)
    for actor in (other.actor, live):
        with pytest.raises(NotFound):
            exchange(
                actor=actor,
                from_wallet_id=world.dollars.public_id,
                to_wallet_id=world.rupees.public_id,
                quote_id=quote.public_id,
            )
    with pytest.raises(NotFound):
        swap(world, quote, to_wallet_id=other.rupees.public_id)
    with pytest.raises(NotFound):
        swap(world, other.quote())
    assert untouched(world, quote)


def test_who_may_not_exchange_may_not_quote_either(world: FxWorld) -> None:
    reader = owner_of(world.merchant, scopes=frozenset({"wallets:read"}))
    quote = world.quote()
    with pytest.raises(ScopeMissing):
        quote_fx(actor=reader, from_currency="USD", to_currency="INR", amount=1_00)
    with pytest.raises(ScopeMissing):
        exchange(
            actor=reader,
            from_wallet_id=world.dollars.public_id,
            to_wallet_id=world.rupees.public_id,
            quote_id=quote.public_id,
        )
    assert untouched(world, quote)
    assert FxQuote.objects.count() == 1


def test_what_cannot_be_quoted_is_refused(world: FxWorld) -> None:
    for source, target, amount, refusal in [
        ("USD", "USD", 1_00, SameCurrency),
        ("USD", "JPY", 1_00, RateUnknown),
        ("INR", "USD", 1, AmountNotExchangeable),
    ]:
        with pytest.raises(refusal):
            quote_fx(actor=world.actor, from_currency=source, to_currency=target, amount=amount)
    assert not FxQuote.objects.exists()


def test_the_spread_is_the_merchants_own_and_quotes_keep_theirs(world: FxWorld) -> None:
    given, other = world.quote(), FxWorld()
    set_spread(actor=world.actor, spread_bps=100, seen=50)
    assert (spread_of(world.actor), spread_of(other.actor)) == (100, 50)
    assert spread_of(owner_of(world.merchant, livemode=True)) == 50
    assert world.quote().spread_amount == 1_00
    assert swap(world, given).spread_amount == 50
    event = Event.objects.get(type="fx.terms_changed")
    assert event.changes == {"spread_bps": [50, 100]}
    with pytest.raises(TermsChanged):
        set_spread(actor=world.actor, spread_bps=0, seen=50)
    assert spread_of(world.actor) == 100
