"""What the doors of analytics take: query strings of REST, arguments of MCP."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework import serializers

from analytics.reports import custom, performance
from analytics.segments import RULES
from analytics.selectors import behaviour, fraud
from analytics.selectors.dashboard import WINDOWS
from analytics.selectors.days import MOST_DAYS
from analytics.selectors.metrics import GROUPS
from analytics.selectors.revenue import BREAKDOWNS, MOST_PERIODS
from analytics.serializers.fields import Day, Fraction, Whole
from rupai.api.fields import CurrencyCode, PublicId, StrictSerializer, StrictText

MOST_HOURS = 720
FORMATS = ["json", "csv", "pdf"]


class Days(StrictSerializer):
    """Days of the merchant's calendar, both included."""

    start_date = Day(help_text="Inclusive, merchant time zone")
    end_date = Day(help_text=f"Inclusive; at most {MOST_DAYS} days after start_date")


class MetricsAsked(Days):
    group_by = serializers.ChoiceField(choices=list(GROUPS), required=False)
    currency = CurrencyCode(required=False)
    provider = StrictText(required=False, max_length=32)


class RevenueAsked(Days):
    breakdown = serializers.ChoiceField(choices=list(BREAKDOWNS), default="monthly")
    currency = CurrencyCode(required=False)
    forecast_periods = Whole(min_value=0, max_value=MOST_PERIODS, default=0)


class BehaviourAsked(Days):
    analysis_type = serializers.ChoiceField(choices=list(behaviour.ANALYSES), default="spending_patterns")


class SegmentAsked(BehaviourAsked):
    segment = serializers.ChoiceField(choices=list(RULES), required=False)


class PatternsAsked(StrictSerializer):
    user_id = PublicId("cust", required=False)
    transaction_id = PublicId("pay", required=False)
    analysis_type = serializers.ChoiceField(choices=list(fraud.ANALYSES), default="behavioral_anomaly")
    threshold = Fraction(default=0.8)
    window_hours = Whole(min_value=1, max_value=MOST_HOURS, default=24)
    limit = Whole(min_value=1, max_value=fraud.MOST_FOUND, default=25)


class DashboardAsked(StrictSerializer):
    window = serializers.ChoiceField(choices=list(WINDOWS), default="24h")


class Named(serializers.ListField):
    """Different names of a list, at least one."""

    narrower: ClassVar[dict[str, Any]] = {"uniqueItems": True}

    def __init__(self, names: Sequence[str], *, most: int, **options: Any) -> None:
        child = serializers.ChoiceField(choices=list(names))
        super().__init__(child=child, min_length=1, max_length=most, allow_empty=False, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        found: list[Any] = super().to_internal_value(data)
        if len(set(found)) < len(found):
            raise serializers.ValidationError("Name each one once.", "named_twice")
        return found


class FilterAsked(StrictSerializer):
    """Days, and values without spaces around; ``in`` takes several with commas between them."""

    field = serializers.ChoiceField(choices=["day", *custom.FIELDS, "status"])
    op = serializers.ChoiceField(choices=list(custom.OPERATIONS))
    value = StrictText(max_length=255)


class PerformanceAsked(Days):
    scope = serializers.ChoiceField(choices=list(performance.SCOPES), default="all")
    format = serializers.ChoiceField(choices=FORMATS, default="json")


class CustomAsked(Days):
    dimensions = Named(custom.DIMENSIONS, most=4)
    measures = Named(custom.MEASURES, most=6)
    filters = FilterAsked(many=True, required=False, max_length=10)  # type: ignore[call-arg]  # the list takes it
    format = serializers.ChoiceField(choices=FORMATS, default="json")


def days_of(values: dict[str, Any]) -> dict[str, Any]:
    """Validated values with the days under the names that selectors give them."""
    rest = {name: value for name, value in values.items() if name not in {"start_date", "end_date"}}
    return {**rest, "start": values["start_date"], "end": values["end_date"]}
