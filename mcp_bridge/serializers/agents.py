"""What an agent is told about itself."""

from typing import Any

from rest_framework import serializers

from rupai.api.fields import PublicId, StrictSerializer
from rupai.approvals.states import Window

APPROVAL_STATUSES = ["pending", "approved", "rejected", "expired", "executed", "failed"]


class NoInput(StrictSerializer):
    """Nothing is asked."""


class Limit(serializers.Serializer[Any]):
    window = serializers.ChoiceField(choices=Window.values)
    max = serializers.IntegerField()
    used = serializers.IntegerField()
    currency = serializers.CharField()


class ApprovalOver(serializers.Serializer[Any]):
    amount = serializers.IntegerField()
    currency = serializers.CharField()


class MandateView(serializers.Serializer[Any]):
    mandate_id = serializers.CharField()
    scope = serializers.ListField(child=serializers.CharField())
    limits = Limit(many=True)
    allowed_payees = serializers.ListField(child=serializers.CharField(), required=False)
    approval_over = ApprovalOver(many=True, required=False)
    valid_until = serializers.DateTimeField(required=False)


class AgentMandate(serializers.Serializer[Any]):
    agent_id = serializers.CharField()
    expires_at = serializers.DateTimeField(required=False)
    mandates = MandateView(many=True)


class ApprovalId(StrictSerializer):
    approval_id = PublicId("apr")


class ApprovalView(serializers.Serializer[Any]):
    approval_id = serializers.CharField()
    status = serializers.ChoiceField(choices=APPROVAL_STATUSES)
    summary = serializers.CharField()
    expires_at = serializers.DateTimeField(required=False)
    decided_by = serializers.CharField(required=False)
    decided_at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(required=False)
    result = serializers.DictField(required=False)
