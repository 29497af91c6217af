"""The attempt: one try at one provider; and the captures of its authorisation."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from payments.models.method import ProviderAccount
from payments.models.payment import Payment
from payments.states import LIVE_ATTEMPT, NEXT_ATTEMPT, AttemptState, TransferState
from rupai.core.errors import WrongState
from rupai.core.rows import Row, TenantRow


class Attempt(Row):
    """One try at one provider. At most one attempt of a payment is live; the database sees to it."""

    prefix = "att"

    class Operation(models.TextChoices):
        AUTHORIZE = "authorize"
        CAPTURE = "capture"
        VOID = "void"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="tries")
    number = models.PositiveSmallIntegerField()
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, null=True, related_name="attempts")
    provider = models.CharField(max_length=32, blank=True, db_collation="C")
    state = models.CharField(max_length=24, choices=AttemptState, default=AttemptState.STARTED)
    operation = models.CharField(max_length=9, choices=Operation, default=Operation.AUTHORIZE)
    amount = models.BigIntegerField()
    capture = models.BooleanField(help_text="Capture in the same step")
    challenge = models.BooleanField(default=False, help_text="The payer must authenticate")
    reference = models.CharField(max_length=120, unique=True, db_collation="C")
    provider_id = models.CharField(max_length=120, blank=True, db_collation="C")
    decline_code = models.CharField(max_length=64, blank=True)
    decline_message = models.CharField(max_length=255, blank=True)
    provider_code = models.CharField(max_length=64, blank=True)
    exchange = models.JSONField(default=dict, help_text="Last request and answer, redacted")
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    next_sync_at = models.DateTimeField(null=True)
    syncs = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "attempt"
        indexes: ClassVar = [
            models.Index(fields=["next_sync_at"], condition=Q(next_sync_at__isnull=False), name="attempt_to_ask"),
            models.Index(
                fields=["updated_at"],
                condition=Q(state__in=["started", "capture_initiated", "void_initiated"]),
                name="attempt_in_flight",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(state__in=LIVE_ATTEMPT), name="one_live_attempt_per_payment"
            ),
        ]

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_ATTEMPT

    def move_to(self, state: str) -> None:
        """Set the state in memory after looking up the table of moves.

        :raises WrongState: when the move is not in the table.
        """
        if state not in NEXT_ATTEMPT[self.state]:
            raise WrongState(f"An attempt that is {self.state} cannot become {state}", attempt=self.public_id)
        self.state = state

    def key_for(self, operation: str) -> str:
        """The provider's idempotency key: the same for one attempt and operation, however often it is sent."""
        return f"{self.public_id}:{operation}"


class Capture(TenantRow):
    """Taking authorised money, all or part of it; its key is the key of its ledger transfer."""

    prefix = "cap"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="captures")
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="captures")
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=TransferState, default=TransferState.PENDING)
    idempotency_id = models.UUIDField(null=True, unique=True)
    # Empty for those that were made before it was kept.
    created_by = models.CharField(max_length=80, blank=True, default="", db_collation="C")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "capture"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="capture_amount_above_zero"),
            models.UniqueConstraint(fields=["payment"], condition=Q(state="pending"), name="one_capture_at_a_time"),
        ]
