"""The seasonal naive forecast, its interval and its back-test, by numbers that one can check in one's head."""

import pytest

from analytics.forecast.seasonal_naive import Point, forecast

pytestmark = pytest.mark.unit
WEEK = [100, 200, 300, 400, 500, 600, 700]


def test_a_week_that_repeats_is_foretold_without_doubt() -> None:
    found = forecast(WEEK * 3, periods=3, seasons=(7,))
    assert found is not None
    assert found.points == [Point(100, 100, 100), Point(200, 200, 200), Point(300, 300, 300)]
    assert (found.season, found.mape, found.periods) == (7, 0.0, 14)


def test_the_interval_reaches_as_far_as_nine_of_ten_errors() -> None:
    # The second week is 10 higher each day, the third one 20: seven errors of 10, two of 20, and 90 % of ten is nine.
    history = [*WEEK, *(each + 10 for each in WEEK), *(each + 30 for each in WEEK[:2])]
    found = forecast(history, periods=1, seasons=(7,))
    assert found is not None
    assert found.points == [Point(310, 290, 330)]


def test_the_error_is_a_part_of_what_came() -> None:
    found = forecast([100] * 7 + [125] * 7 + [100] * 2, periods=1, seasons=(7,))
    assert found is not None
    # Seven errors of 25 in 125, two of 25 in 100.
    assert found.mape == pytest.approx((7 * 0.2 + 2 * 0.25) / 9, abs=1e-6)
    assert found.periods == 9


def test_nothing_is_expected_below_zero() -> None:
    found = forecast([0, 900, 0, 900, 0, 900, 0, 0, 0, 0, 0, 0], periods=1, seasons=(1,))
    assert found is not None
    assert found.points == [Point(0, 0, 900)]


@pytest.mark.parametrize("history", [[], [5], [5] * 15, [0] * 40])
def test_too_little_is_no_history(history: list[int]) -> None:
    assert forecast(history, periods=7, seasons=(7,)) is None


def test_a_year_goes_before_a_month_where_there_is_one() -> None:
    assert getattr(forecast([5] * 60, periods=1, seasons=(52, 4)), "season", None) == 4
    assert getattr(forecast([5] * 61, periods=1, seasons=(52, 4)), "season", None) == 52


def test_far_ahead_needs_errors_of_the_same_distance() -> None:
    found = forecast([5] * 22, periods=24, seasons=(7,))
    assert found is not None
    # Two seasons ahead have eight errors only, which is one too few.
    assert len(found.points) == 7
    longer = forecast([5] * 23, periods=24, seasons=(7,))
    assert longer is not None
    assert len(longer.points) == 14


def test_a_period_without_anything_has_no_relative_error() -> None:
    found = forecast([0] * 7 + [10] * 9, periods=1, seasons=(7,))
    assert found is not None
    # Seven errors of 10 in 10, two of none.
    assert found.mape == pytest.approx(7 / 9, abs=1e-6)
    assert found.periods == 9
