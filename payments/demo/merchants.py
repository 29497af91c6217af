"""Who lives in the demo world: four merchants, their trades and their accounts at simulated acquirers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CARD, UPI, NETBANKING, WALLET = "card", "upi", "netbanking", "wallet"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """An account at an acquirer; ``share`` is the weight with which a new card or UPI address is saved there."""

    name: str
    provider: str
    methods: tuple[str, ...]
    priority: int
    share: int = 0
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPlan:
    """One currency of a merchant: its share of the payments, how its payers pay, and for how much.

    ``typical`` is the median amount in minor units, ``spread`` the sigma of the logarithm, ``step`` what amounts are
    rounded to. Above ``challenge_over`` and ``review_over`` the merchant's own risk rules act.
    """

    currency: str
    share: int
    methods: Mapping[str, int]
    tokens: Mapping[str, int]
    typical: int
    spread: float
    step: int
    challenge_over: int
    review_over: int
    block_over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantPlan:
    """A merchant: ``share`` is its part of all payments in hundredths; the other shares are in hundredths as well.

    ``hours`` and ``weekdays`` are weights by the local clock, ``growth`` is how much the last day has grown over the
    first.
    """

    key: str
    name: str
    country: str
    currency: str
    timezone: str
    share: int
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    growth: float
    goods: tuple[str, ...]
    markets: tuple[MarketPlan, ...]
    accounts: tuple[AccountPlan, ...]
    manual_capture: int = 0
    returns: int = 4
    most_per_hour: int = 12
    ring: bool = False
    channels: Mapping[str, int] = field(default_factory=lambda: {"web": 55, "app": 45})


_EVENING = (3, 2, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 11, 11, 12, 14, 18, 22, 23, 19, 12, 6)
_OFFICE = (2, 1, 1, 1, 1, 2, 4, 8, 13, 17, 18, 17, 14, 15, 17, 17, 16, 14, 12, 12, 13, 12, 8, 4)
_NIGHT = (12, 9, 6, 4, 3, 2, 2, 3, 5, 6, 7, 8, 10, 10, 10, 11, 13, 15, 17, 20, 22, 22, 20, 16)

_INDIAN_CARDS = {"tok_visa_in": 34, "tok_rupay": 26, "tok_mastercard_in": 20, "tok_3ds_required": 9, "tok_amex": 11}
_AMERICAN_CARDS = {"tok_visa": 48, "tok_mastercard": 32, "tok_amex": 14, "tok_3ds_optional": 6}
_EUROPEAN_CARDS = {"tok_mastercard_de": 34, "tok_visa_fr": 28, "tok_visa_gb": 28, "tok_3ds_required": 10}
_JAPANESE_CARDS = {"tok_jcb": 62, "tok_visa": 30, "tok_mastercard": 8}

BAZAAR = MerchantPlan(
    key="bazaar",
    name="Demo Bazaar",
    country="IN",
    currency="INR",
    timezone="Asia/Kolkata",
    share=50,
    hours=_EVENING,
    weekdays=(9, 9, 9, 10, 12, 15, 14),
    growth=0.35,
    goods=("Groceries", "Home and kitchen", "Stationery", "Small electronics", "Spices and tea"),
    markets=(
        MarketPlan(
            currency="INR",
            share=100,
            methods={UPI: 50, CARD: 34, NETBANKING: 8, WALLET: 8},
            tokens=_INDIAN_CARDS,
            typical=84_000,
            spread=0.8,
            step=100,
            challenge_over=900_000,
            review_over=2_500_000,
            block_over=6_000_000,
        ),
    ),
    accounts=(
        AccountPlan(
            name="Alpha", provider="sandbox_alpha", methods=(CARD, UPI, NETBANKING, WALLET), priority=10, share=58
        ),
        AccountPlan(name="Alpha reserve", provider="sandbox_alpha", methods=(CARD, UPI), priority=20),
        AccountPlan(name="Beta", provider="sandbox_beta", methods=(CARD, UPI, NETBANKING), priority=30, share=42),
    ),
)

VOYAGES = MerchantPlan(
    key="voyages",
    name="Demo Voyages",
    country="IN",
    currency="INR",
    timezone="Asia/Kolkata",
    share=25,
    hours=_OFFICE,
    weekdays=(13, 13, 12, 12, 12, 8, 9),
    growth=0.2,
    goods=("Flight", "Hotel, two nights", "Train pass", "Airport transfer", "Weekend trip"),
    manual_capture=45,
    returns=7,
    markets=(
        MarketPlan(
            currency="INR",
            share=62,
            methods={CARD: 62, UPI: 24, NETBANKING: 14},
            tokens=_INDIAN_CARDS,
            typical=780_000,
            spread=0.75,
            step=1_000,
            challenge_over=3_500_000,
            review_over=8_000_000,
            block_over=25_000_000,
        ),
        MarketPlan(
            currency="USD",
            share=22,
            methods={CARD: 100},
            tokens=_AMERICAN_CARDS,
            typical=21_000,
            spread=0.7,
            step=100,
            challenge_over=120_000,
            review_over=260_000,
            block_over=800_000,
        ),
        MarketPlan(
            currency="JPY",
            share=16,
            methods={CARD: 100},
            tokens=_JAPANESE_CARDS,
            typical=24_000,
            spread=0.6,
            step=100,
            challenge_over=120_000,
            review_over=250_000,
            block_over=900_000,
        ),
    ),
    accounts=(
        AccountPlan(name="Beta", provider="sandbox_beta", methods=(CARD, UPI, NETBANKING), priority=10, share=55),
        AccountPlan(name="Beta reserve", provider="sandbox_beta", methods=(CARD,), priority=20),
        AccountPlan(
            name="Alpha", provider="sandbox_alpha", methods=(CARD, UPI), priority=30, share=35, currencies=("INR",)
        ),
        AccountPlan(
            name="Gamma worldwide",
            provider="sandbox_gamma",
            methods=(CARD,),
            priority=40,
            share=110,
            currencies=("USD", "JPY"),
        ),
    ),
)

ARCADE = MerchantPlan(
    key="arcade",
    name="Demo Arcade",
    country="US",
    currency="USD",
    timezone="America/New_York",
    share=15,
    hours=_NIGHT,
    weekdays=(10, 9, 9, 10, 14, 17, 16),
    growth=0.6,
    goods=("Season pass", "Coins, small chest", "Coins, large chest", "Skin pack", "Full game"),
    returns=2,
    most_per_hour=4,
    ring=True,
    channels={"app": 80, "web": 20},
    markets=(
        MarketPlan(
            currency="USD",
            share=78,
            methods={CARD: 100},
            tokens=_AMERICAN_CARDS,
            typical=1_499,
            spread=0.7,
            step=50,
            challenge_over=9_000,
            review_over=20_000,
            block_over=80_000,
        ),
        MarketPlan(
            currency="EUR",
            share=22,
            methods={CARD: 100},
            tokens=_EUROPEAN_CARDS,
            typical=1_399,
            spread=0.7,
            step=50,
            challenge_over=9_000,
            review_over=20_000,
            block_over=80_000,
        ),
    ),
    accounts=(
        AccountPlan(name="Gamma", provider="sandbox_gamma", methods=(CARD,), priority=10, share=70),
        AccountPlan(name="Gamma reserve", provider="sandbox_gamma", methods=(CARD,), priority=20),
        AccountPlan(name="Alpha", provider="sandbox_alpha", methods=(CARD,), priority=30, share=30),
    ),
)

ATELIER = MerchantPlan(
    key="atelier",
    name="Demo Atelier",
    country="DE",
    currency="EUR",
    timezone="Europe/Berlin",
    share=10,
    hours=_OFFICE,
    weekdays=(11, 10, 10, 11, 13, 14, 12),
    growth=0.1,
    goods=("Linen shirt", "Wool coat", "Leather shoes", "Silk scarf", "Gift card"),
    manual_capture=35,
    returns=13,
    markets=(
        MarketPlan(
            currency="EUR",
            share=84,
            methods={CARD: 100},
            tokens=_EUROPEAN_CARDS,
            typical=8_900,
            spread=0.65,
            step=100,
            challenge_over=45_000,
            review_over=90_000,
            block_over=300_000,
        ),
        MarketPlan(
            currency="USD",
            share=16,
            methods={CARD: 100},
            tokens=_AMERICAN_CARDS,
            typical=9_900,
            spread=0.65,
            step=100,
            challenge_over=45_000,
            review_over=90_000,
            block_over=300_000,
        ),
    ),
    accounts=(
        AccountPlan(name="Alpha", provider="sandbox_alpha", methods=(CARD,), priority=10, share=64),
        AccountPlan(name="Gamma", provider="sandbox_gamma", methods=(CARD,), priority=20, share=36),
        AccountPlan(name="Gamma reserve", provider="sandbox_gamma", methods=(CARD,), priority=30),
    ),
)

MERCHANTS = (BAZAAR, VOYAGES, ARCADE, ATELIER)


def named(key: str) -> MerchantPlan:
    """Find a merchant's plan by its key."""
    return next(plan for plan in MERCHANTS if plan.key == key)


def shares(payments: int) -> dict[str, int]:
    """Split a number of payments over the merchants; the parts add up to it."""
    parts = {plan.key: payments * plan.share // 100 for plan in MERCHANTS}
    parts[MERCHANTS[0].key] += payments - sum(parts.values())
    return parts
