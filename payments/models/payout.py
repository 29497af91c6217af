"""Paying money out of a wallet."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from payments.models.method import ProviderAccount
from payments.states import NEXT_PAYOUT, OPEN_PAYOUT, PayoutState
from rupai.accounts.models import Customer
from rupai.core import ids
from rupai.core.crypto import SealedField
from rupai.core.errors import WrongState
from rupai.core.money import Money
from rupai.core.rows import TenantRow
from wallets.models import Wallet


class Payout(TenantRow):
    """Money on its way from a wallet to a bank account. Its key is the key of the hold that keeps the amount meanwhile.

    The amount is held in the ledger before the provider is asked; the hold is posted or voided with the outcome.
    """

    prefix = "po"

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="payouts")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payouts")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, db_collation="C")
    state = models.CharField(max_length=7, choices=PayoutState, default=PayoutState.CREATED, db_collation="C")
    destination = SealedField(context="payments.payout.destination")
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="payouts")
    provider = models.CharField(max_length=32, db_collation="C")
    provider_id = models.CharField(max_length=120, blank=True, db_collation="C")
    description = models.CharField(max_length=255, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    failure_retryable = models.BooleanField(default=False)
    exchange = models.JSONField(default=dict, help_text="Last request and answer, redacted")
    milliseconds = models.PositiveIntegerField(null=True)
    idempotency_id = models.UUIDField(null=True, unique=True)
    created_by = models.CharField(max_length=80, db_collation="C")
    updated_at = models.DateTimeField()
    next_sync_at = models.DateTimeField(null=True)
    syncs = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "payout"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="payout_newest"),
            models.Index(fields=["next_sync_at"], condition=Q(next_sync_at__isnull=False), name="payout_to_ask"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount_above_zero"),
            models.CheckConstraint(condition=Q(state__in=PayoutState.values), name="payout_state_known"),
            # Only what has ended may be without a next question, except that a person was told after the last one.
            models.CheckConstraint(
                condition=Q(next_sync_at__isnull=True) | Q(state__in=OPEN_PAYOUT), name="payout_ended_is_not_asked"
            ),
        ]

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def key(self) -> str:
        """The provider's idempotency key and our reference for this payout."""
        return self.public_id

    @property
    def destination_token(self) -> str:
        return bytes(self.destination or b"").decode()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_PAYOUT

    @property
    def status(self) -> str:
        """The state as the wire tells it: whatever has not ended is processing."""
        return "processing" if self.is_open else str(self.state)

    def move_to(self, state: str) -> None:
        """Set the state in memory after looking up the table of moves.

        :raises WrongState: when the move is not in the table.
        """
        if state not in NEXT_PAYOUT[self.state]:
            raise WrongState(f"A payout that is {self.state} cannot become {state}", payout=self.public_id)
        self.state = state

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events; where the money goes is the payee's own affair."""
        shown: dict[str, Any] = {
            "payout_id": self.public_id,
            "wallet_id": ids.public_id(Wallet.prefix, self.wallet_id),
            "customer_id": ids.public_id(Customer.prefix, self.customer_id),
            "status": self.status,
            "amount": self.amount,
            "currency": self.currency,
            "provider": self.provider,
            "description": self.description,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }
        if self.failure_code:
            failure = {"code": self.failure_code, "message": self.failure_message, "retryable": self.failure_retryable}
            shown["failure"] = failure
        return shown
