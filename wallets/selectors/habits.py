"""Habits in what moved through a wallet: what comes again every week or month, and how long the money lasts. Pure."""

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low

# Fewer than this are no habit.
LEAST = 3
WEEK, MONTH = "week", "month"
# Days between one and the next: banks shift by a day, months have 28 to 31 days and week-ends at their ends.
_DAYS = {WEEK: range(6, 9), MONTH: range(26, 36)}
# So many days after the expected one nothing is expected any more.
_LATE = {WEEK: 2, MONTH: 5}
_PUBLIC_ID = re.compile(r"([a-z]+_)[0-9A-Za-z]{22}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that came or went on a day of the merchant's calendar; ``amount`` in minor units, above zero.

    ``party`` is the wallet on the other side, or empty where that is an account of the merchant's own.
    """

    day: date
    amount: int
    kind: str
    reference: str = ""
    party: str = ""

    @property
    def what(self) -> tuple[str, str]:
        """What the same payment has in common every time: its kind, and the other wallet or the reference's pattern."""
        return self.kind, self.party or pattern(self.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """The same payment at least three times; ``runs`` are its latest ones in a row, the oldest first."""

    kind: str
    about: str
    every: str
    runs: tuple[Movement, ...]

    @property
    def amount(self) -> int:
        """The middle one of the amounts; of two middle ones the smaller."""
        return median_low(run.amount for run in self.runs)

    @property
    def next(self) -> date:
        return next(self.following())

    def following(self) -> Iterator[date]:
        """The days on which it is expected, without an end."""
        last = self.runs[-1].day
        if self.every == WEEK:
            yield from (last + timedelta(days=7 * number) for number in range(1, 10_000))
            return
        # What comes on the 31st comes on the last day of shorter months, and afterwards on the 31st again.
        ends = (last + timedelta(days=1)).month != last.month
        day = max(run.day.day for run in self.runs) if ends else last.day
        yield from (_in_month(last, number, day) for number in range(1, 1_000))


def pattern(reference: str) -> str:
    """A reference without what changes from one payment to the next: the digits, or the rest of a public id."""
    found = _PUBLIC_ID.fullmatch(reference)
    return found[1] if found else re.sub(r"\d+", "#", reference)


def habits_in(movements: Iterable[Movement], *, today: date) -> list[Habit]:
    """Find what came at least three times in a row, a week or a month apart, with amounts at most 10 % apart.

    What was expected some days ago and did not come is a habit no longer. The next expected one stands first.
    """
    alike: dict[tuple[str, str], list[Movement]] = defaultdict(list)
    for movement in movements:
        alike[movement.what].append(movement)
    found = [
        habit
        for (kind, about), members in alike.items()
        for cluster in _clusters(members)
        if (habit := _habit(kind, about, cluster)) and habit.next + timedelta(days=_LATE[habit.every]) >= today
    ]
    return sorted(found, key=lambda habit: (habit.next, habit.kind, habit.about, habit.amount))


def _clusters(members: Sequence[Movement]) -> Iterator[list[Movement]]:
    """Split payments by size: in each part the greatest is at most a tenth above the smallest."""
    cluster: list[Movement] = []
    for each in sorted(members, key=lambda movement: movement.amount):
        if cluster and each.amount * 10 > cluster[0].amount * 11:
            yield cluster
            cluster = []
        cluster.append(each)
    yield cluster


def _habit(kind: str, about: str, cluster: Sequence[Movement]) -> Habit | None:
    ordered = sorted(cluster, key=lambda movement: movement.day)
    for every, days in _DAYS.items():
        runs = ordered[-1:]
        for before in reversed(ordered[:-1]):
            if (runs[0].day - before.day).days not in days:
                break
            runs.insert(0, before)
        if len(runs) >= LEAST:
            return Habit(kind=kind, about=about, every=every, runs=tuple(runs))
    return None


def _in_month(start: date, months: int, day: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class RunsOut:
    """The first day on which nothing is left, and what of the habits was counted until then."""

    on: date
    expected: int


def runs_out(
    *, available: int, spent: int, days: int, habits: Sequence[Habit], today: date, until: date
) -> RunsOut | None:
    """The first day from today and before ``until`` on which nothing is left, if there is one.

    ``spent`` minor units in so many ``days`` tell the pace; what the habits take comes on top, on its days.
    """
    for ahead in range((until - today).days):
        day = today + timedelta(days=ahead)
        expected = sum(habit.amount * _times(habit, today, day) for habit in habits)
        # As whole numbers: available less the pace times the days reaches zero.
        if (available - expected) * days <= spent * ahead:
            return RunsOut(day, expected)
    return None


def _times(habit: Habit, today: date, day: date) -> int:
    """How often a habit is expected up to a day; what should have come by today is expected tomorrow."""
    times = 0
    for expected in habit.following():
        if max(expected, today + timedelta(days=1)) > day:
            return times
        times += 1
    return times
