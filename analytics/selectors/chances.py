"""How surprising a count is: exact tests on small numbers, and one by ranks. Pure.

Two-sided values are twice the smaller tail, at most 1.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import erfc, exp, lgamma, log, sqrt
from statistics import mean, stdev

# By ranks the normal distribution is close enough from here on.
LEAST_BY_RANK = 8


def rates_differ(now: int, days: float, past: int, past_days: float) -> float:
    """The chance that two equal Poisson rates give counts so far apart.

    Given both together, the count of now is binomial (Przyborowski and Wilenski, Biometrika 31, 1940).
    """
    share = days / (days + past_days)
    total = now + past
    return _two_sided(at_least(now, total, share), at_least(total - now, total, 1 - share))


def rate_is_above(now: int, hours: float, past: int, past_hours: float) -> float:
    """The chance that a rate of the past gives at least as many now."""
    return at_least(now, now + past, hours / (hours + past_hours))


def at_least(count: int, tries: int, share: float) -> float:
    """The upper tail of a binomial distribution, its end included."""
    if count <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    terms = (
        exp(_choose(tries, hit) + hit * log(share) + (tries - hit) * log(1 - share)) for hit in range(count, tries + 1)
    )
    return min(1.0, sum(terms))


def shares_differ(hits: int, tries: int, past_hits: int, past_tries: int) -> float:
    """Fisher's exact test: the chance that equal shares give hits so far apart."""
    above = share_is_above(hits, tries, past_hits, past_tries)
    below = share_is_above(tries - hits, tries, past_tries - past_hits, past_tries)
    return _two_sided(above, below)


def share_is_above(hits: int, tries: int, past_hits: int, past_tries: int) -> float:
    """Fisher's exact test on one side: the chance that the share of the past gives at least as many hits now."""
    all_hits = hits + past_hits
    of_all = _choose(tries + past_tries, tries)
    most = min(tries, all_hits)
    return min(1.0, sum(_splits(hits, most, tries, past_tries, all_hits, of_all)))


def _splits(first: int, last: int, tries: int, past_tries: int, all_hits: int, of_all: float) -> Iterator[float]:
    misses = tries + past_tries - all_hits
    for hit in range(max(first, tries - misses, 0), last + 1):
        yield exp(_choose(all_hits, hit) + _choose(misses, tries - hit) - of_all)


def ranks_differ(now: Sequence[int], past: Sequence[int]) -> tuple[float, float] | None:
    """Wilcoxon's rank sum with a correction for ties: how many standard deviations ``now`` is above, and the chance.

    None with fewer than eight values on a side, or when all are the same.
    """
    if min(len(now), len(past)) < LEAST_BY_RANK:
        return None
    counts = Counter([*now, *past])
    size, rank_of, before = len(now) + len(past), {}, 0
    for value in sorted(counts):
        rank_of[value] = before + (counts[value] + 1) / 2
        before += counts[value]
    ties = sum(count**3 - count for count in counts.values()) / (size * (size - 1))
    variance = len(now) * len(past) / 12 * (size + 1 - ties)
    if variance <= 0:
        return None
    z = (sum(rank_of[value] for value in now) - len(now) * (size + 1) / 2) / sqrt(variance)
    return z, min(1.0, erfc(abs(z) / sqrt(2)))


def deviations(value: float, past: Sequence[float]) -> float | None:
    """How many sample deviations a value is above the mean of the past; None when the past never varied."""
    spread = stdev(past)
    return (value - mean(past)) / spread if spread > 0 else None


def _two_sided(above: float, below: float) -> float:
    return min(1.0, 2 * min(above, below))


def _choose(total: int, part: int) -> float:
    """The logarithm of a binomial coefficient."""
    return lgamma(total + 1) - lgamma(part + 1) - lgamma(total - part + 1)
