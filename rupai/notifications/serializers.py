"""What the REST of webhooks takes and gives."""

from typing import Any

from rest_framework import serializers

from rupai.api.fields import StrictBoolean, StrictInteger, StrictSerializer, StrictText
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services.endpoints import DEFAULT_OVERLAP, LONGEST_OVERLAP, MOST_PATTERNS, NewSecret

_PATTERN_HELP = "payment.captured, payment.* for all of one noun, * for all"


class NewWebhookEndpoint(StrictSerializer):
    url = StrictText(max_length=2048, help_text="https:// address that answers 2xx within 10 seconds")
    events = serializers.ListField(
        child=StrictText(max_length=64), allow_empty=False, max_length=MOST_PATTERNS, help_text=_PATTERN_HELP
    )
    description = StrictText(max_length=200, required=False, allow_blank=True)


class WebhookEndpointChange(StrictSerializer):
    """What is absent stays."""

    url = StrictText(max_length=2048, required=False)
    events = serializers.ListField(
        child=StrictText(max_length=64),
        required=False,
        allow_empty=False,
        max_length=MOST_PATTERNS,
        help_text=_PATTERN_HELP,
    )
    description = StrictText(max_length=200, required=False, allow_blank=True)
    enabled = StrictBoolean(required=False, help_text="false discards what is still to be delivered")


class SecretRotation(StrictSerializer):
    overlap_seconds = StrictInteger(
        min_value=0,
        max_value=int(LONGEST_OVERLAP.total_seconds()),
        default=int(DEFAULT_OVERLAP.total_seconds()),
        help_text="How long messages carry the old secret's signature too",
    )


class WebhookEndpointView(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(help_text="Empty while enabled")
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class NewWebhookEndpointView(WebhookEndpointView):
    secret = serializers.CharField(help_text="Shown only in this answer; verify signatures with it")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        made: NewSecret = instance
        return {**WebhookEndpointView(made.endpoint).data, "secret": made.secret}


class WebhookDeliveryView(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    event_id = serializers.CharField(source="event.public_id", help_text="The message's webhook-id")
    event_type = serializers.CharField(source="event.type")
    state = serializers.ChoiceField(WebhookDelivery.State.values)
    tries = serializers.IntegerField(help_text="Since it was opened, or since the last replay")
    next_at = serializers.SerializerMethodField(help_text="When it is tried next; null unless pending")
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_next_at(self, delivery: WebhookDelivery) -> Any:
        if delivery.state != WebhookDelivery.State.PENDING:
            return None
        return self.fields["created_at"].to_representation(delivery.next_at)
