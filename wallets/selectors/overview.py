"""All wallets of a place together: what is in them, what came and went by day, and the greatest ones."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from rupai.core.actor import Actor
from wallets.models import Transfer, Wallet
from wallets.selectors.days import beginning_of
from wallets.selectors.wallets import wallets
from wallets.states import AccountCode, WalletStatus

_POSTED = F("account__counters__credits_posted") - F("account__counters__debits_posted")


@dataclass(frozen=True, slots=True)
class Total:
    """The wallets in one currency: how many by status, and in minor units what is in them and what of it is held."""

    currency: str
    active: int
    frozen: int
    closed: int
    balance: int
    held: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A day: what came into wallets from outside, what left to there, and what went from wallet to wallet."""

    day: date
    incoming: int
    outgoing: int
    between: int


def totals(*, actor: Actor, livemode: bool) -> list[Total]:
    """Add up the wallets that an actor may see in a mode, by currency; the currency with the most wallets first."""
    rows = (
        wallets(actor=actor)
        .filter(livemode=livemode)
        .values("currency")
        .annotate(
            active=Count("pk", filter=Q(status=WalletStatus.ACTIVE)),
            frozen=Count("pk", filter=Q(status=WalletStatus.FROZEN)),
            closed=Count("pk", filter=Q(status=WalletStatus.CLOSED)),
            balance=Sum(_POSTED),
            held=Sum("account__counters__debits_pending"),
            all=Count("pk"),
        )
        .order_by("-all", "currency")
    )
    return [
        Total(row["currency"], row["active"], row["frozen"], row["closed"], int(row["balance"]), int(row["held"]))
        for row in rows
    ]


def flows(*, actor: Actor, livemode: bool, currency: str, at: datetime, zone: ZoneInfo, days: int = 30) -> list[Flow]:
    """What came and went on the last ``days`` days of a zone, the day of ``at`` included, the oldest first."""
    today = at.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    inside = Q(credit_account__code=AccountCode.CUSTOMER_WALLET)
    outside = Q(debit_account__code=AccountCode.CUSTOMER_WALLET)
    moved = Transfer.objects.visible_to(actor).filter(
        inside | outside,
        livemode=livemode,
        created_at__gte=beginning_of(first, zone),
        created_at__lte=at,
        posted_change__gt=0,
        debit_account__currency=currency,
    )
    rows = (
        moved.annotate(day=TruncDay("created_at", tzinfo=zone))
        .values("day")
        .annotate(
            incoming=Sum("posted_change", filter=inside & ~outside),
            outgoing=Sum("posted_change", filter=outside & ~inside),
            between=Sum("posted_change", filter=inside & outside),
        )
        .order_by("day")
    )
    sums = {row["day"].date(): [int(row[name] or 0) for name in ("incoming", "outgoing", "between")] for row in rows}
    every = [first + timedelta(days=number) for number in range(days)]
    return [Flow(day, *sums.get(day, [0, 0, 0])) for day in every]


def greatest(*, actor: Actor, livemode: bool, currency: str) -> QuerySet[Wallet]:
    """The wallets in a currency with ``posted``, what is in them, the greatest first."""
    rows: QuerySet[Wallet] = wallets(actor=actor).filter(livemode=livemode, currency=currency)
    return rows.exclude(status=WalletStatus.CLOSED).annotate(posted=_POSTED).order_by("-posted", "pk")
