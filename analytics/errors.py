"""Refusals of analytics by name."""

from typing import ClassVar

from rupai.core.errors import InvalidInput


class DateRange(InvalidInput):
    code: ClassVar[str] = "date_range"
    hint = "Send days of at most 400 days' distance, the earlier one as start_date."


class HoursForgotten(InvalidInput):
    """Hours of a merchant are added up from minutes, which are kept for two days."""

    code: ClassVar[str] = "hours_forgotten"


class Uncountable(InvalidInput):
    """The sums have no such figure."""

    code: ClassVar[str] = "not_countable"
