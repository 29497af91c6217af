"""The payment: the merchant's wish, its amounts, and the history of its states."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from payments.models.method import Method, PaymentMethod
from payments.states import NEXT_PAYMENT, TERMINAL, AttemptState, PaymentState
from rupai.accounts.models import Customer
from rupai.core import ids
from rupai.core.errors import WrongState
from rupai.core.models import Event
from rupai.core.money import Money
from rupai.core.rows import TenantRow
from wallets.models import Wallet


class Payment(TenantRow):
    """What a merchant wants to be paid. Amounts are minor units of ``currency``; constraints keep their order."""

    prefix = "pay"

    class CaptureMode(models.TextChoices):
        AUTOMATIC = "automatic"
        MANUAL = "manual"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    payment_method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, null=True, related_name="payments")
    method = models.CharField(max_length=16, choices=Method)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, db_collation="C")
    # Set on a top-up: the wallet that the capture credits in place of the merchant.
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, null=True, related_name="top_ups", db_index=False)
    # Taken for a wallet that was closed meanwhile, or too late: it lies in suspense until the janitor gives it back.
    stray = models.BooleanField(default=False, db_default=False)
    capture_mode = models.CharField(max_length=9, choices=CaptureMode, default=CaptureMode.AUTOMATIC)
    state = models.CharField(max_length=24, choices=PaymentState)
    amount_authorized = models.BigIntegerField(default=0)
    amount_captured = models.BigIntegerField(default=0)
    amount_refund_pending = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    amount_disputed = models.BigIntegerField(default=0)
    # The live or last attempt's facts, kept here so that lists need no join.
    attempt_state = models.CharField(max_length=24, blank=True, choices=AttemptState)
    attempts = models.PositiveSmallIntegerField(default=0)
    provider = models.CharField(max_length=32, blank=True, db_collation="C")
    provider_reference = models.CharField(max_length=120, blank=True, db_collation="C")
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    failure_retryable = models.BooleanField(default=False)
    next_action = models.JSONField(null=True)
    description = models.CharField(max_length=255, blank=True)
    order_id = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict)
    # The record of the request that made this payment: a retry after a crash finds it by this.
    idempotency_id = models.UUIDField(null=True, unique=True)
    created_by = models.CharField(max_length=80, db_collation="C")
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "payment"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="payment_newest"),
            models.Index(fields=["customer", "-created_at"], name="payment_customer"),
            models.Index(fields=["merchant_id", "livemode", "order_id"], name="payment_order"),
            models.Index(
                fields=["provider_reference"], condition=~Q(provider_reference=""), name="payment_provider_reference"
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=["requires_payment_method", "requires_action", "authorized"]),
                name="payment_expiring",
            ),
            # Money that came after the end, for the janitor to give back: an index of almost nothing.
            models.Index(
                fields=["created_at"],
                condition=Q(
                    state__in=["failed", "cancelled", "expired"],
                    amount_captured__gt=0,
                    amount_refunded=0,
                    amount_refund_pending=0,
                ),
                name="payment_came_late",
            ),
            models.Index(fields=["wallet", "-created_at"], condition=Q(wallet__isnull=False), name="payment_wallet"),
            models.Index(
                fields=["created_at"],
                condition=Q(stray=True, amount_refunded=0, amount_refund_pending=0),
                name="payment_stray",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_above_zero"),
            models.CheckConstraint(
                condition=Q(amount_authorized__gte=0, amount_authorized__lte=F("amount")),
                name="never_authorize_more_than_asked",
            ),
            models.CheckConstraint(
                condition=Q(amount_captured__gte=0, amount_captured__lte=F("amount_authorized")),
                name="never_capture_more_than_authorized",
            ),
            models.CheckConstraint(
                condition=Q(amount_refunded__gte=0, amount_refund_pending__gte=0, amount_disputed__gte=0)
                & Q(amount_captured__gte=F("amount_refunded") + F("amount_refund_pending") + F("amount_disputed")),
                name="never_refund_more_than_captured",
            ),
            models.CheckConstraint(condition=Q(stray=False) | Q(wallet__isnull=False), name="only_top_ups_go_astray"),
        ]

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def capturable(self) -> int:
        open_for_capture = {PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED}
        return self.amount_authorized - self.amount_captured if self.state in open_for_capture else 0

    @property
    def refundable(self) -> int:
        return self.amount_captured - self.amount_refunded - self.amount_refund_pending - self.amount_disputed

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def status(self) -> str:
        """The state as the wire tells it: an unknown attempt is processing, a refunded capture is refunded."""
        if self.attempt_state == AttemptState.UNKNOWN and not self.is_terminal:
            return PaymentState.PROCESSING
        if self.state == PaymentState.CAPTURED and self.amount_refunded:
            return "refunded" if self.amount_refunded == self.amount_captured else "partially_refunded"
        return self.state

    def move_to(self, state: str) -> None:
        """Set the state in memory after looking up the table of moves; ``services.moves`` writes it.

        :raises WrongState: when the move is not in the table.
        """
        if state not in NEXT_PAYMENT[self.state]:
            raise WrongState(f"A payment that is {self.state} cannot become {state}", payment=self.public_id)
        self.state = state

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events; no personal data."""
        shown: dict[str, Any] = {
            "payment_id": self.public_id,
            "status": self.status,
            "amount": self.amount,
            "currency": self.currency,
            "amount_capturable": self.capturable,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "method": self.method,
            "capture": self.capture_mode,
            "customer_id": ids.public_id(Customer.prefix, self.customer_id),
            "payment_method_token": ids.public_id(PaymentMethod.prefix, self.payment_method_id)
            if self.payment_method_id
            else None,
            "description": self.description,
            "order_id": self.order_id,
            "metadata": self.metadata,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }
        if self.wallet_id:
            shown["wallet_id"] = ids.public_id(Wallet.prefix, self.wallet_id)
        if self.provider:
            shown["provider"] = self.provider
        if self.provider_reference:
            shown["provider_reference"] = self.provider_reference
        if self.failure_code:
            failure = {"code": self.failure_code, "message": self.failure_message, "retryable": self.failure_retryable}
            shown["failure"] = failure
        if self.next_action and self.status == PaymentState.REQUIRES_ACTION:
            shown["next_action"] = self.next_action
        return shown


class History(models.Model):
    """One change of state of a payment or of one of its attempts; a payment's change names its event."""

    # A serial key keeps the changes of one transaction in their order.
    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="history")
    attempt = models.ForeignKey("payments.Attempt", on_delete=models.PROTECT, null=True, related_name="history")
    from_state = models.CharField(max_length=24, blank=True)
    to_state = models.CharField(max_length=24)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "change of state"
        verbose_name_plural = "history"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(attempt__isnull=False) | Q(event__isnull=False), name="history_payment_change_has_event"
            )
        ]
