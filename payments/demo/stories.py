"""What happens to each payment of a demo merchant: a function of the plan, the numbers and the seed alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.demo import people, ring, seasons
from payments.demo.lives import Life, Payer, Story, minutes
from payments.demo.merchants import CARD, NETBANKING, UPI, WALLET, MarketPlan, MerchantPlan

# So many payments come from one payer on average; a few buy often, most once or twice.
PAYMENTS_PER_PAYER, FEWEST_PAYERS = 8, 12
_UPI_TOKENS = {"tok_upi_success": 87, "tok_upi_intent": 11, "tok_upi_pending": 2}
_BANK_TOKENS = {"tok_netbanking_success": 70, "tok_netbanking_redirect": 30}
# One instrument in so many has a quirk of its own, whatever the merchant.
_QUIRKS = {
    "": 950,
    "tok_refund_pending": 16,
    "tok_3ds_then_decline": 10,
    "tok_pending": 8,
    "tok_authentication_unavailable": 5,
    "tok_do_not_retry": 5,
    "tok_capture_declined": 3,
    "tok_refund_declined": 3,
}
_REFUND_REASONS = {"requested_by_customer": 62, "order_cancelled": 22, "duplicate": 9, "other": 7}


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that happened to one merchant, in the order in which payments were made."""

    payers: list[Payer]
    stories: list[Story]
    ring: ring.Ring | None


def tell(plan: MerchantPlan, *, payments: int, days: int, until: datetime, seed: int) -> Past:
    """Tell a merchant's past; the same arguments give the same past."""
    chance = random.Random(f"{seed}:{plan.key}")
    found = ring.plan_ring(payments=payments, days=days, until=until) if plan.ring else None
    honest = payments - (found.payments if found else 0)
    payers = [_payer(plan, number, chance) for number in range(max(FEWEST_PAYERS, honest // PAYMENTS_PER_PAYER))]
    moments = seasons.moments(plan, count=honest, days=days, until=until, chance=chance)
    stories = [_story(plan, moment, payers, moments[0], until, chance) for moment in moments]
    if found:
        payers = [*payers, *ring.members(plan, first=len(payers), ring=found)]
        stories += ring.stories(plan, ring=found, first=len(payers) - found.members, chance=chance)
        stories.sort(key=lambda story: story.at)
    return Past(payers, stories, found)


def _payer(plan: MerchantPlan, number: int, chance: random.Random) -> Payer:
    market = chance.choices(plan.markets, weights=[market.share for market in plan.markets])[0]
    method = _of(market.methods, chance)
    token = _of(_QUIRKS, chance) if method == CARD else ""
    name, email = people.person(number, chance)
    takers = {
        account.provider: account.share
        for account in plan.accounts
        if account.share and method in account.methods and market.currency in (account.currencies or (market.currency,))
    }
    return Payer(
        number=number,
        name=name,
        email=email,
        market=market,
        method=method,
        token=token or _of(_tokens(market, method), chance),
        provider=_of(takers, chance),
        device=f"device-{chance.randrange(16**8):08x}",
        channel=_of(plan.channels, chance),
    )


def _tokens(market: MarketPlan, method: str) -> Mapping[str, int]:
    others = {UPI: _UPI_TOKENS, NETBANKING: _BANK_TOKENS, WALLET: {"tok_wallet_success": 1}}
    return others.get(method) or market.tokens


def _story(
    plan: MerchantPlan, at: datetime, payers: list[Payer], first: datetime, until: datetime, chance: random.Random
) -> Story:
    # More payers are known the later it is, and the early ones are the regulars.
    known = 1 + int((len(payers) - 1) * min(1.0, 0.15 + 0.85 * (at - first) / (until - first)))
    payer = payers[int(known * chance.random() ** 1.4)]
    market = payer.market
    raw = chance.lognormvariate(0.0, market.spread) * market.typical
    return Story(
        at=at,
        payer=payer.number,
        amount=max(market.step, round(raw / market.step) * market.step),
        goods=chance.choice(plan.goods),
        manual=payer.method == CARD and chance.randrange(100) < plan.manual_capture,
        abandoned=chance.randrange(1_000) < 12,
        life=_life(plan, chance),
    )


def _life(plan: MerchantPlan, chance: random.Random) -> Life:
    """What payer and merchant would do about a payment, should it come to that."""
    returned = chance.randrange(100) < plan.returns
    whole = chance.randrange(100) < 65
    return Life(
        answer=_of({"approve": 88, "fail": 6, "leave": 6}, chance),
        answered_after=timedelta(seconds=chance.randrange(14, 240)),
        held=_of({"capture": 84, "part": 7, "cancel": 6, "lapse": 3}, chance),
        held_for=minutes(60, 60 * 24 * 3, chance),
        reviewed=_of({"capture": 74, "cancel": 26}, chance),
        reviewed_after=minutes(12, 60 * 7, chance),
        part=chance.randrange(25, 95),
        refunded=(100 if whole else chance.randrange(10, 80)) if returned else 0,
        refunded_after=minutes(60 * 5, 60 * 24 * 13, chance),
        reason=_of(_REFUND_REASONS, chance),
    )


def _of(weights: Mapping[str, int], chance: random.Random) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]
