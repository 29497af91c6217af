"""What every tool that moves money tells beside its own fields: the verdict of the mandate, the risk, a replay."""

from typing import Any

from rest_framework import serializers

from payments.serializers import RiskView
from rupai.api.fields import CurrencyCode
from rupai.approvals.states import Window

VPA = r"^[A-Za-z0-9._-]{2,256}@[A-Za-z]{2,64}$"


class HeaderCurrency(CurrencyCode):
    """A currency that clients of the newest revision repeat in the header ``Mcp-Param-Currency``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.narrower = {**self.narrower, "x-mcp-header": "Currency"}


class Remaining(serializers.Serializer[Any]):
    window = serializers.ChoiceField(choices=Window.values)
    amount = serializers.IntegerField()
    currency = serializers.CharField()


class Policy(serializers.Serializer[Any]):
    """What the agent's mandate said, and the approval that was asked for."""

    outcome = serializers.ChoiceField(choices=["allowed", "needs_approval", "denied"])
    mandate_id = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    remaining = Remaining(many=True, required=False)
    approval_id = serializers.CharField(required=False)
    approval_url = serializers.URLField(required=False)


class Moved(serializers.Serializer[Any]):
    """The fields that all results of moving money share."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()
    policy = Policy(required=False)
    risk = RiskView(required=False)
    idempotent_replay = serializers.BooleanField(required=False)
