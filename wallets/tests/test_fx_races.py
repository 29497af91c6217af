"""Many connections exchange at once: a quote is good for one of them, and nothing is lost or made."""

from collections import Counter
from collections.abc import Callable

import pytest

from rupai.accounts.tests.factories import at_once
from rupai.core import ids
from rupai.core.models import Event
from wallets.models import FxQuote, Transfer
from wallets.services.accounts import forget_charts
from wallets.services.fx_exchange import exchange
from wallets.tests.fx_world import FxWorld, broken_rules

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def outcomes(count: int, work: Callable[[int], object]) -> Counter[str]:
    return Counter(type(found).__name__ for found in at_once(count, work))


@pytest.fixture
def world() -> FxWorld:
    forget_charts()
    return FxWorld()


def test_twenty_exchanges_on_one_quote_are_one(world: FxWorld) -> None:
    quote = world.quote(5_00)

    def swap(_: int) -> FxQuote:
        return exchange(
            actor=world.actor,
            from_wallet_id=world.dollars.public_id,
            to_wallet_id=world.rupees.public_id,
            quote_id=quote.public_id,
            idempotency_id=ids.new_key(),
        )

    assert outcomes(20, swap) == {"FxQuote": 1, "QuoteUsed": 19}
    assert (world.balance(world.dollars), world.balance(world.rupees)) == (95_00, quote.to_amount)
    assert Transfer.objects.filter(reference=quote.public_id).count() == 3
    assert Event.objects.filter(type="fx.exchanged").count() == 1
    assert broken_rules() == {}


def test_twenty_retries_of_one_request_get_one_exchange(world: FxWorld) -> None:
    quote, once = world.quote(5_00), ids.new_key()

    def swap(_: int) -> FxQuote:
        return exchange(
            actor=world.actor,
            from_wallet_id=world.dollars.public_id,
            to_wallet_id=world.rupees.public_id,
            quote_id=quote.public_id,
            idempotency_id=once,
        )

    assert outcomes(20, swap) == {"FxQuote": 20}
    assert (world.balance(world.dollars), world.balance(world.rupees)) == (95_00, quote.to_amount)
    assert broken_rules() == {}


def test_quotes_that_together_are_too_much_use_what_there_is(world: FxWorld) -> None:
    quotes = [world.quote(10_00) for _ in range(20)]

    def swap(number: int) -> FxQuote:
        return exchange(
            actor=world.actor,
            from_wallet_id=world.dollars.public_id,
            to_wallet_id=world.rupees.public_id,
            quote_id=quotes[number].public_id,
        )

    assert outcomes(20, swap) == {"FxQuote": 10, "InsufficientFunds": 10}
    assert (world.balance(world.dollars), world.balance(world.rupees)) == (0, 10 * quotes[0].to_amount)
    assert world.held("fee_revenue", "USD") == 10 * quotes[0].spread_amount
    assert FxQuote.objects.filter(used_at__isnull=False).count() == 10
    assert broken_rules() == {}


def test_exchanges_that_cross_each_other_never_deadlock(world: FxWorld) -> None:
    world.pay_in(world.rupees, 100_000_00)
    there = [world.quote(1_00) for _ in range(10)]
    back = [world.quote(80_00, source="INR", target="USD") for _ in range(10)]

    def swap(number: int) -> FxQuote:
        quote = (there + back)[number]
        wallets = (world.dollars, world.rupees) if number < 10 else (world.rupees, world.dollars)
        return exchange(
            actor=world.actor,
            from_wallet_id=wallets[0].public_id,
            to_wallet_id=wallets[1].public_id,
            quote_id=quote.public_id,
        )

    assert outcomes(20, swap) == {"FxQuote": 20}
    dollars = 100_00 - 10 * 1_00 + sum(quote.to_amount for quote in back)
    rupees = 100_000_00 - 10 * 80_00 + sum(quote.to_amount for quote in there)
    assert (world.balance(world.dollars), world.balance(world.rupees)) == (dollars, rupees)
    assert broken_rules() == {}
