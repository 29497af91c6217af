"""Merchants' webhook endpoints, what is to be delivered to them, and each try."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rupai.core.crypto import SealedField
from rupai.core.models import Event
from rupai.core.rows import TenantRow


class WebhookEndpoint(TenantRow):
    """An address of a merchant to which events are posted, signed with a secret that only the two know."""

    prefix = "we"

    url = models.CharField("URL", max_length=2048)
    description = models.CharField(max_length=200, blank=True)
    # Names of events, "payment.*" for all of one noun, "*" for all.
    events = ArrayField(models.CharField(max_length=64))
    secret = SealedField(context="notifications.webhook_endpoint.secret", editable=False)
    # After a rotation the old secret signs too, until the receiver has changed over.
    previous_secret = SealedField(null=True, context="notifications.webhook_endpoint.previous_secret", editable=False)
    previous_secret_expires_at = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField("failed tries since the last success", default=0, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "webhook endpoint"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="endpoint_newest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(enabled=False), name="endpoint_deleted_is_off"
            )
        ]

    def __str__(self) -> str:
        return self.url

    def wants(self, event_type: str) -> bool:
        """Whether the endpoint asked for events of this type."""
        return any(
            pattern in {"*", event_type} or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
            for pattern in self.events
        )

    def secrets(self, at: datetime) -> list[str]:
        """The secrets that sign at a moment, newest first."""
        found = [bytes(self.secret or b"")]
        if self.previous_secret and self.previous_secret_expires_at and self.previous_secret_expires_at > at:
            found.append(bytes(self.previous_secret))
        return [secret.decode() for secret in found]


class WebhookDelivery(TenantRow):
    """One event for one endpoint: the same bytes under the same id, until it is accepted or given up."""

    prefix = "whd"

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"
        DISCARDED = "discarded"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries", editable=False)
    body = models.BinaryField(editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.PENDING, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    next_at = models.DateTimeField(editable=False)
    # Whoever sends holds the delivery until then; a sender that died lets it go by itself.
    leased_until = models.DateTimeField(null=True, editable=False)
    last_status = models.PositiveSmallIntegerField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "next_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(
                fields=["endpoint", "leased_until"], condition=Q(leased_until__isnull=False), name="delivery_in_flight"
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="delivery_newest"),
            # Counted each second while somebody looks at the Overview.
            models.Index(fields=["merchant_id", "livemode"], condition=Q(state="failed"), name="delivery_given_up"),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once")]


class WebhookAttempt(models.Model):
    """One try and its answer; rows are only added."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="attempts", editable=False)
    at = models.DateTimeField(editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    milliseconds = models.PositiveIntegerField(editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)
    excerpt = models.CharField("beginning of the answer", max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = "webhook attempt"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.error}"
