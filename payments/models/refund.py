"""Giving money back."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from payments.models.attempt import Attempt
from payments.models.payment import Payment
from payments.states import TransferState
from rupai.core import ids
from rupai.core.rows import TenantRow


class Refund(TenantRow):
    """Money on its way back. The amount is reserved on the payment and in the ledger before the provider is asked."""

    prefix = "ref"

    class Reason(models.TextChoices):
        DUPLICATE = "duplicate"
        FRAUDULENT = "fraudulent"
        REQUESTED_BY_CUSTOMER = "requested_by_customer"
        ORDER_CANCELLED = "order_cancelled"
        LATE_SUCCESS = "late_success"
        OTHER = "other"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, db_collation="C")
    state = models.CharField(max_length=9, choices=TransferState, default=TransferState.PENDING)
    reason = models.CharField(max_length=24, choices=Reason, default=Reason.OTHER)
    note = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=120, blank=True, db_collation="C")
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    exchange = models.JSONField(default=dict, help_text="Last request and answer, redacted")
    idempotency_id = models.UUIDField(null=True, unique=True)
    created_by = models.CharField(max_length=80, db_collation="C")
    updated_at = models.DateTimeField()
    next_sync_at = models.DateTimeField(null=True)
    syncs = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "refund"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="refund_newest"),
            models.Index(fields=["next_sync_at"], condition=Q(next_sync_at__isnull=False), name="refund_to_ask"),
        ]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_above_zero")]

    @property
    def key(self) -> str:
        """The provider's idempotency key and our reference for this refund."""
        return self.public_id

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        shown: dict[str, Any] = {
            "refund_id": self.public_id,
            "payment_id": ids.public_id(Payment.prefix, self.payment_id),
            "status": self.state,
            "amount": self.amount,
            "currency": self.currency,
            "reason": self.reason,
            "note": self.note,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }
        if self.failure_code:
            shown["failure"] = {"code": self.failure_code, "message": self.failure_message, "retryable": True}
        return shown
