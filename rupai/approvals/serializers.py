"""What the REST of mandates takes and gives."""

from typing import Any

from rest_framework import serializers

from rupai.accounts.scopes import MONEY_CHOICES
from rupai.api.fields import CurrencyCode, MinorUnits, PublicId, StrictInteger, StrictSerializer, StrictText
from rupai.approvals.models import Mandate
from rupai.approvals.selectors import limits_in_use
from rupai.approvals.services.granting import MOST_PAYEES
from rupai.approvals.states import Window
from rupai.core.money import MAX_MINOR

_MOST_LIMITS = 100


class LimitGiven(StrictSerializer):
    """At most ``max`` minor units of a currency at once, or within a window of the calendar."""

    currency = CurrencyCode()
    window = serializers.ChoiceField(
        Window.values, help_text="hour in UTC; day and month in the merchant's time zone; total for ever"
    )
    max = MinorUnits()


class ApprovalLimit(StrictSerializer):
    """Above ``amount`` minor units a second person has to agree."""

    currency = CurrencyCode()
    amount = StrictInteger(min_value=0, max_value=MAX_MINOR)


class NewMandate(StrictSerializer):
    agent_id = PublicId("agt")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(MONEY_CHOICES), allow_empty=False, max_length=len(MONEY_CHOICES)
    )
    limits = serializers.ListField(child=LimitGiven(), allow_empty=False, max_length=_MOST_LIMITS)
    approval_over = serializers.ListField(child=ApprovalLimit(), required=False, max_length=_MOST_LIMITS)
    allowed_payees = serializers.ListField(
        child=StrictText(max_length=40),
        required=False,
        max_length=MOST_PAYEES,
        help_text="Ids of customers (cust_...) and wallets (wal_...); empty allows any",
    )
    valid_from = serializers.DateTimeField(required=False)
    valid_until = serializers.DateTimeField(required=False, allow_null=True)

    def validate_limits(self, given: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for limit in given:
            windows = found.setdefault(limit["currency"], {})
            if limit["window"] in windows:
                raise serializers.ValidationError(
                    f"There are two limits for {limit['currency']} and {limit['window']}.", "given_twice"
                )
            windows[limit["window"]] = limit["max"]
        return found

    def validate_approval_over(self, given: list[dict[str, Any]]) -> dict[str, int]:
        found = {limit["currency"]: limit["amount"] for limit in given}
        if len(found) < len(given):
            raise serializers.ValidationError("There are two amounts for one currency.", "given_twice")
        return found


class LimitShown(serializers.Serializer[Any]):
    """A limit, and what of it is used now: committed and reserved."""

    currency = serializers.CharField()
    window = serializers.ChoiceField(Window.values)
    max = serializers.IntegerField()
    used = serializers.IntegerField(help_text="In the window of this moment; of a transaction always 0")
    remaining = serializers.IntegerField()


class ApprovalLimitShown(serializers.Serializer[Any]):
    currency = serializers.CharField()
    amount = serializers.IntegerField()


class MandateView(serializers.Serializer[Mandate]):
    mandate_id = serializers.CharField()
    agent_id = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    limits = LimitShown(many=True)
    approval_over = ApprovalLimitShown(many=True)
    allowed_payees = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(["active", "scheduled", "expired", "revoked"])
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    granted_by = serializers.CharField()
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_by = serializers.CharField(help_text="Empty unless revoked")

    def to_representation(self, instance: Mandate) -> dict[str, Any]:
        limits = [
            {
                "currency": each.currency,
                "window": str(each.window),
                "max": each.ceiling,
                "used": each.used,
                "remaining": each.remaining,
            }
            for each in limits_in_use(instance)
        ]
        return {**instance.public(), "limits": limits}


class Ap2Constraint(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="payment.* are AP2's own; in.rupai.* are ours")


class Ap2Agent(serializers.Serializer[Any]):
    id = serializers.CharField()


class Ap2Mandate(serializers.Serializer[Any]):
    """An unsigned open payment mandate in the words of AP2; each constraint has the fields of its type besides."""

    vct = serializers.CharField()
    id = serializers.CharField()
    status = serializers.CharField()
    agent = Ap2Agent()
    granted_by = serializers.CharField()
    constraints = Ap2Constraint(many=True)
    iat = serializers.IntegerField()
    exp = serializers.IntegerField(required=False)
