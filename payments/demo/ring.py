"""A fraud ring: few payers, one device, one amount, many tries in one night, until somebody blocks their cards."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from payments.demo.lives import Life, Payer, Story, minutes
from payments.demo.merchants import CARD, MerchantPlan

DEVICE = "device-5ca1ab1e"
_TRIES_FOR = timedelta(minutes=95)
_NOTICED_AFTER = timedelta(minutes=68)


@dataclass(frozen=True, slots=True)
class Ring:
    """When the ring came, how many payments it tried, over how many payers, and when it was noticed."""

    at: datetime
    payments: int
    members: int
    noticed_at: datetime


def plan_ring(*, payments: int, days: int, until: datetime) -> Ring:
    """Put the ring a good half along the past, at night."""
    day = until - timedelta(days=days) + timedelta(days=round(days * 0.57))
    at = datetime.combine(day.date(), time(7, 12), tzinfo=until.tzinfo)
    tries = min(payments // 3, max(12, payments * 2 // 100))
    return Ring(at, tries, max(1, tries // 12), at + _NOTICED_AFTER)


def members(plan: MerchantPlan, *, first: int, ring: Ring) -> Iterator[Payer]:
    """The ring's payers: stolen cards under throw-away names, all on one device."""
    account = plan.accounts[0]
    for number in range(first, first + ring.members):
        yield Payer(
            number=number,
            name=f"Guest {number}",
            email=f"guest{number}@example.net",
            market=plan.markets[0],
            method=CARD,
            token="tok_visa" if number % 3 else "tok_mastercard",
            provider=account.provider,
            device=DEVICE,
            channel="web",
        )


def stories(plan: MerchantPlan, *, ring: Ring, first: int, chance: random.Random) -> Iterator[Story]:
    """The ring's payments, in turn over its payers."""
    pause = _TRIES_FOR / ring.payments
    for number in range(ring.payments):
        yield Story(
            at=ring.at + pause * number + timedelta(seconds=chance.randrange(9)),
            payer=first + number % ring.members,
            amount=4_999,
            goods=plan.goods[2],
            manual=False,
            abandoned=False,
            life=Life(
                answer="approve" if chance.randrange(10) == 0 else "fail",
                answered_after=timedelta(seconds=chance.randrange(20, 90)),
                held="capture",
                held_for=timedelta(hours=1),
                reviewed="cancel",
                reviewed_after=timedelta(hours=2),
                part=100,
                # Money that got through is given back once the cards' owners complain.
                refunded=100 if chance.randrange(10) < 8 else 0,
                refunded_after=minutes(60 * 30, 60 * 24 * 9, chance),
                reason="fraudulent",
            ),
        )
