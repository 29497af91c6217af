"""The words in which a past is told."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.demo.merchants import MarketPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """A customer with one saved method: the sandbox's token, saved at one acquirer."""

    number: int
    name: str
    email: str
    market: MarketPlan
    method: str
    token: str
    provider: str
    device: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What payer and merchant do when it comes to it.

    ``answer`` is the payer's to a challenge, ``held`` the merchant's to an authorisation of a manual payment and
    ``reviewed`` to one that the risk rules held back; ``part`` and ``refunded`` are hundredths of what was authorised
    or captured.
    """

    answer: str
    answered_after: timedelta
    held: str
    held_for: timedelta
    reviewed: str
    reviewed_after: timedelta
    part: int
    refunded: int
    refunded_after: timedelta
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One payment. An ``abandoned`` one never gets a payment method."""

    at: datetime
    payer: int
    amount: int
    goods: str
    manual: bool
    abandoned: bool
    life: Life


def minutes(least: int, most: int, chance: random.Random) -> timedelta:
    """Draw a pause between so many minutes."""
    return timedelta(minutes=chance.randrange(least, most), seconds=chance.randrange(60))
