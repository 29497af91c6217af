"""What a wallet's ledger entries tell about its use: sentences, each with the figures it was made of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth

from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.pages import formats
from wallets.models import Entry, Wallet
from wallets.selectors.days import beginning_of, zone_of
from wallets.selectors.habits import LEAST, Habit, Movement, habits_in, runs_out
from wallets.selectors.ledger import balance_of
from wallets.selectors.wallets import wallets
from wallets.states import AccountCode, Side

MONTHS = 3
# The pace of spending is that of so many days, today included.
PACE = 30
# How far back habits are looked for, and in how many entries at most on either side.
_BACK, _MOST = timedelta(days=200), 2_000
KIND_WORDS = {
    "wallet_transfer": "Transfers to other wallets",
    "wallet_hold": "Captured holds",
    "payout": "Withdrawals",
    "fx": "Exchanges",
    "fx_spread": "Exchange spreads",
    "refund": "Refunds of top-ups",
}


@dataclass(frozen=True, slots=True)
class Insight:
    """One sentence; ``figures`` has every number in it, amounts in minor units of the wallet's currency."""

    code: str
    text: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    wallet: Wallet
    at: datetime
    zone: ZoneInfo
    found: list[Insight]


@dataclass(frozen=True, slots=True)
class _Spent:
    """What left in a month of the merchant's calendar for one kind of thing, on whose account."""

    month: date
    kind: str
    counterparty: str
    amount: int


def insights_of(*, actor: Actor, wallet_id: str, at: datetime) -> Insights:
    """Read what the entries of a wallet tell at a moment, in the merchant's time zone.

    Where there is too little history the sentence is absent, and ``insufficient_history`` says of which.

    :raises NotFound: when the actor sees no such wallet.
    """
    wallet = wallets(actor=actor).named(wallet_id)
    zone = zone_of(wallet.merchant_id)
    today = at.astimezone(zone).date()
    entries = Entry.objects.filter(account_id=wallet.account_id, shard=0, posted_change__gt=0, created_at__lte=at)
    began = entries.order_by("created_at").values_list("created_at", flat=True).first()
    since = began.astimezone(zone).date() if began else None
    out = _movements(entries.filter(side=Side.DEBIT), at, zone)
    habits = habits_in(out, today=today)
    found = [
        *_spending(wallet, entries, zone, today, since),
        *_recurring(wallet, habits, times=len(out)),
        *_forecast(wallet, entries, habits, zone, today, since),
    ]
    return Insights(wallet=wallet, at=at, zone=zone, found=found)


def _short(insight: str, words: str, **figures: Any) -> Insight:
    return Insight("insufficient_history", words, {"insight": insight, **figures})


def _spending(
    wallet: Wallet, entries: QuerySet[Entry], zone: ZoneInfo, today: date, since: date | None
) -> list[Insight]:
    """This month against the median of the full months before it, in all and by kind."""
    months = _months_before(today)
    if since is None or since > months[0]:
        words = f"Spending is compared once there are {MONTHS} full months of entries."
        return [_short("spending", words, needed_months=MONTHS, since=since.isoformat() if since else None)]
    spent = _spent(entries, zone, since=months[0])
    found = [_compared(wallet, "spending_this_month", "In all", spent, [*months, today.replace(day=1)])]
    for kind, counterparty in sorted({(each.kind, each.counterparty) for each in spent}):
        own = [each for each in spent if (each.kind, each.counterparty) == (kind, counterparty)]
        about = {"kind": kind, "counterparty": counterparty}
        months_and_this = [*months, today.replace(day=1)]
        found.append(_compared(wallet, "spending_by_kind", words_of(kind), own, months_and_this, **about))
    return found


def _compared(
    wallet: Wallet, code: str, title: str, spent: Sequence[_Spent], months: Sequence[date], **about: str
) -> Insight:
    sums: Counter[date] = Counter()
    for each in spent:
        sums[each.month] += each.amount
    now, before = sums[months[-1]], [sums[month] for month in months[:-1]]
    usual = median_low(before)
    text = (
        f"{title}: {Money(now, wallet.currency)} in {months[-1]:%B} so far;"
        f" the median of the {MONTHS} months before is {Money(usual, wallet.currency)}."
    )
    history = [{"month": f"{month:%Y-%m}", "amount": sums[month]} for month in months[:-1]]
    figures = {**about, "month": f"{months[-1]:%Y-%m}", "amount": now, "median": usual, "months": history}
    return Insight(code, text, figures)


def _spent(entries: QuerySet[Entry], zone: ZoneInfo, *, since: date) -> list[_Spent]:
    left = entries.filter(side=Side.DEBIT, created_at__gte=beginning_of(since, zone))
    rows = (
        left.annotate(month=TruncMonth("created_at", tzinfo=zone))
        .values_list("month", "kind", "counterparty__code")
        .annotate(total=Sum("posted_change"))
        .order_by("month", "kind", "counterparty__code")
    )
    return [_Spent(month.date(), kind, AccountCode(code).name.lower(), int(total)) for month, kind, code, total in rows]


def _months_before(today: date) -> list[date]:
    """The first days of the full months before this one, the oldest first."""
    months = [today.replace(day=1)]
    for _ in range(MONTHS):
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    return months[:-1]


def _recurring(wallet: Wallet, habits: Sequence[Habit], *, times: int) -> list[Insight]:
    if times < LEAST:
        words = f"Payments that come again are looked for among at least {LEAST} outgoing ones."
        return [_short("recurring_payment", words, needed_payments=LEAST, payments=times)]
    return [
        Insight(
            "recurring_payment",
            f"{words_of(habit.kind)}{_to(habit)}: {Money(habit.amount, wallet.currency)} every {habit.every},"
            f" {len(habit.runs)} times so far, next expected on {habit.next}.",
            habit_figures(habit),
        )
        for habit in habits
    ]


def _to(habit: Habit) -> str:
    return f" ({habit.about})" if habit.about and not habit.about.endswith("_") else ""


def habit_figures(habit: Habit) -> dict[str, Any]:
    """A habit as data."""
    return {
        "kind": habit.kind,
        "about": habit.about,
        "every": habit.every,
        "times": len(habit.runs),
        "amount": habit.amount,
        "last_on": habit.runs[-1].day.isoformat(),
        "next_on": habit.next.isoformat(),
    }


def _forecast(
    wallet: Wallet,
    entries: QuerySet[Entry],
    habits: Sequence[Habit],
    zone: ZoneInfo,
    today: date,
    since: date | None,
) -> list[Insight]:
    """Whether the money is gone before the next usual income, at the present pace and with what is expected."""
    window = today - timedelta(days=PACE - 1)
    if since is None or since > window:
        words = f"How long the money lasts is told after {PACE} days of entries."
        return [_short("low_balance", words, needed_days=PACE, since=since.isoformat() if since else None)]
    coming = _movements(entries.filter(side=Side.CREDIT), beginning_of(today + timedelta(days=1), zone), zone)
    incomes = habits_in(coming, today=today)
    if not incomes:
        words = "How long the money lasts is told once an income has come three times, a week or a month apart."
        return [_short("low_balance", words, needed_incomes=LEAST, incomes=len(coming))]
    income, available = incomes[0], balance_of(wallet.account_id).available
    spent = _besides(entries, habits, zone, window)
    end = runs_out(available=available, spent=spent, days=PACE, habits=habits, today=today, until=income.next)
    if end is None:
        return []
    text = (
        f"At the pace of the last {PACE} days nothing is left on {end.on},"
        f" before the next usual income of {Money(income.amount, wallet.currency)} on {income.next}."
    )
    figures = {
        "runs_out_on": end.on.isoformat(),
        "available": available,
        "expected_payments": end.expected,
        "spent": spent,
        "spent_in_days": PACE,
        "spent_per_day": spent // PACE,
        "income": habit_figures(income),
    }
    return [Insight("low_balance", text, figures)]


def _besides(entries: QuerySet[Entry], habits: Sequence[Habit], zone: ZoneInfo, window: date) -> int:
    """What left since a day, without what the habits account for."""
    left = entries.filter(side=Side.DEBIT, created_at__gte=beginning_of(window, zone))
    total = int(left.aggregate(total=Sum("posted_change"))["total"] or 0)
    return total - sum(run.amount for habit in habits for run in habit.runs if run.day >= window)


def _movements(entries: QuerySet[Entry], at: datetime, zone: ZoneInfo) -> list[Movement]:
    rows = entries.filter(created_at__gte=at - _BACK).order_by("-created_at", "-version")
    fields = ("created_at", "posted_change", "kind", "reference", "counterparty__code", "counterparty__owner_id")
    return [
        Movement(
            day=moment.astimezone(zone).date(),
            amount=amount,
            kind=kind,
            reference=reference,
            party=ids.public_id(Wallet.prefix, owner) if code == AccountCode.CUSTOMER_WALLET and owner else "",
        )
        for moment, amount, kind, reference, code, owner in rows.values_list(*fields)[:_MOST]
    ]


def words_of(kind: str) -> str:
    """A kind of transfer as people write it."""
    return KIND_WORDS.get(kind) or formats.words_of(kind)
