"""Tests on small numbers give the chances that one counts by hand."""

from math import comb

import pytest

from analytics.selectors import chances

pytestmark = pytest.mark.unit


def test_a_binomial_tail_counts_its_end() -> None:
    # Three or more heads of four: 5 of 16.
    assert chances.at_least(3, 4, 0.5) == pytest.approx(5 / 16)
    assert chances.at_least(0, 4, 0.5) == 1.0
    assert chances.at_least(1, 4, 0.0) == 0.0
    assert chances.at_least(4, 4, 1.0) == 1.0


def test_a_pace_against_one_of_the_past() -> None:
    # Of ten payments nine came in one day of ten, which each does with a chance of 1/10.
    expected = sum(comb(10, hit) * 0.1**hit * 0.9 ** (10 - hit) for hit in (9, 10))
    assert chances.rate_is_above(9, 1, 1, 9) == pytest.approx(expected)
    assert chances.rates_differ(9, 1, 1, 9) == pytest.approx(2 * expected)


def test_equal_paces_are_no_surprise() -> None:
    assert chances.rates_differ(2, 2, 3, 3) == 1.0
    assert chances.rates_differ(0, 30, 0, 300) == 1.0


def test_fisher_knows_the_lady_who_tastes_tea() -> None:
    # Four of four cups told right, where four of eight were so: one choice of seventy.
    assert chances.share_is_above(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert chances.share_is_above(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert chances.shares_differ(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert chances.share_is_above(0, 4, 4, 4) == pytest.approx(1.0)


def test_many_rows_do_not_overflow() -> None:
    assert chances.share_is_above(200, 10_000, 1_000, 100_000) < 1e-10
    assert chances.at_least(60_000, 100_000, 0.5) < 1e-300


def test_ranks_need_eight_on_each_side() -> None:
    assert chances.ranks_differ([1] * 7, list(range(20))) is None
    assert chances.ranks_differ([5] * 8, [5] * 8) is None


def test_ranks_of_eight_greater_values() -> None:
    z, p = chances.ranks_differ(list(range(9, 17)), list(range(1, 9))) or (0.0, 1.0)
    # The ranks 9 to 16 add up to 100, 68 are expected, and the variance is 8 * 8 * 17 / 12.
    assert z == pytest.approx(32 / (8 * 8 * 17 / 12) ** 0.5)
    assert p == pytest.approx(0.000778, abs=1e-6)


def test_ranks_with_ties_have_a_smaller_variance() -> None:
    z, _ = chances.ranks_differ([2] * 8, [1] * 8) or (0.0, 1.0)
    # Two groups of eight equal values: 17 less 2 * (512 - 8) / (16 * 15), times 64 / 12.
    assert z == pytest.approx(32 / (64 / 12 * (17 - 4.2)) ** 0.5)


def test_deviations_from_a_past_that_varied() -> None:
    assert chances.deviations(8, [1, 2, 3]) == pytest.approx(6.0)
    assert chances.deviations(8, [2, 2, 2]) is None
