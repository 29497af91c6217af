"""Customers' wallets, and how much may leave them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from rupai.accounts.models import Customer
from rupai.core import ids
from rupai.core.errors import WrongState
from rupai.core.rows import TenantRow
from wallets.models.ledger import Account, Transfer
from wallets.states import NEXT_WALLET, KycLevel, WalletStatus

# What may leave a wallet: in one movement, in a calendar day and in a calendar month of the merchant's zone.
WINDOWS = ("per_transaction", "per_day", "per_month")


class Wallet(TenantRow):
    """A customer's money in one currency; its numbers are those of its ledger account.

    Amounts are minor units of ``currency``. Limits are on what leaves; null takes the limit of the customer's level.
    The row is also the lock under which status and limits are read before money leaves.
    """

    prefix = "wal"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="wallets")
    currency = models.CharField(max_length=3, db_collation="C")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="wallet")
    status = models.CharField(max_length=6, choices=WalletStatus, default=WalletStatus.ACTIVE, db_collation="C")
    kyc_level = models.SmallIntegerField("identity check", choices=KycLevel, default=KycLevel.MINIMAL)
    per_transaction = models.BigIntegerField(null=True, blank=True)
    per_day = models.BigIntegerField(null=True, blank=True)
    per_month = models.BigIntegerField(null=True, blank=True)
    # What the ledger lets the balance go below zero; repeated in the account's counters, which are what refuses.
    overdraft_limit = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "wallet"
        indexes: ClassVar = [models.Index(fields=["merchant_id", "livemode", "created_at", "id"], name="wallet_newest")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "currency"], condition=~Q(status=WalletStatus.CLOSED), name="wallet_one_open"
            ),
            models.CheckConstraint(condition=Q(status__in=WalletStatus.values), name="wallet_status_known"),
            models.CheckConstraint(condition=Q(kyc_level__in=KycLevel.values), name="wallet_level_known"),
            models.CheckConstraint(condition=Q(overdraft_limit__gte=0), name="wallet_overdraft_not_negative"),
            # Written out as "null or not negative": Django reads it before it saves, PostgreSQL whenever it does.
            models.CheckConstraint(
                condition=(Q(per_transaction=None) | Q(per_transaction__gte=0))
                & (Q(per_day=None) | Q(per_day__gte=0))
                & (Q(per_month=None) | Q(per_month__gte=0)),
                name="wallet_limits_not_negative",
            ),
        ]

    def move_to(self, status: WalletStatus) -> None:
        """Change the status of this locked row in memory.

        :raises WrongState: when the table of moves does not have it.
        """
        following = NEXT_WALLET[self.status]
        if status not in following:
            raise WrongState(
                f"This wallet is {self.status} and cannot become {status}",
                hint=f"From {self.status} a wallet can become: {', '.join(sorted(following)) or 'nothing'}.",
                wallet=self.public_id,
                wallet_status=str(self.status),
            )
        self.status = status

    def public(self) -> dict[str, Any]:
        """The fields of events and, with the balance, of the REST answer."""
        return {
            "wallet_id": self.public_id,
            "customer_id": ids.public_id(Customer.prefix, self.customer_id),
            "account_id": ids.public_id(Account.prefix, self.account_id),
            "currency": self.currency,
            "status": str(self.status),
            "kyc_level": int(self.kyc_level),
            "limits": {window: getattr(self, window) for window in WINDOWS},
            "overdraft_limit": self.overdraft_limit,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }


class WalletTerms(TenantRow):
    """When people need a second person to move money of wallets by hand; without a row never."""

    prefix = "wte"

    approval_over = models.JSONField(default=dict, help_text="Currency to the greatest amount that one person may move")
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "wallet terms"
        verbose_name_plural = "wallet terms"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode"], name="walletterms_one_per_mode")
        ]


class WalletTransfer(TenantRow):
    """Money that went from one wallet to another. Its key is that of the ledger transfer, so one cannot be twice."""

    prefix = "wtr"

    from_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="transfers_out")
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="transfers_in")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, db_collation="C")
    # The caller's own words; they may name a person, so they are in no event.
    description = models.CharField(max_length=255, blank=True)
    created_by = models.CharField(max_length=80, db_collation="C")

    class Meta:
        verbose_name = "wallet transfer"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="wallettransfer_above_zero"),
            models.CheckConstraint(condition=~Q(from_wallet=F("to_wallet")), name="wallettransfer_two_wallets"),
        ]

    @property
    def ledger_transfer_id(self) -> str:
        return ids.public_id(Transfer.prefix, self.pk)

    def public(self) -> dict[str, Any]:
        """The fields of events and, with description and balance, of the REST answer."""
        return {
            "transfer_id": self.public_id,
            "journal_entry_id": self.ledger_transfer_id,
            "status": "posted",
            "from_wallet_id": ids.public_id(Wallet.prefix, self.from_wallet_id),
            "to_wallet_id": ids.public_id(Wallet.prefix, self.to_wallet_id),
            "amount": self.amount,
            "currency": self.currency,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }


class WalletLimits(TenantRow):
    """What may leave a wallet whose holder is known so well; null is no limit. Amounts are minor units."""

    prefix = "wlim"

    currency = models.CharField(max_length=3, db_collation="C")
    kyc_level = models.SmallIntegerField("identity check", choices=KycLevel)
    per_transaction = models.BigIntegerField(null=True, blank=True)
    per_day = models.BigIntegerField(null=True, blank=True)
    per_month = models.BigIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "wallet limits"
        verbose_name_plural = "wallet limits"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "livemode", "currency", "kyc_level"], name="walletlimits_one_per_level"
            ),
            models.CheckConstraint(condition=Q(kyc_level__in=KycLevel.values), name="walletlimits_level_known"),
            models.CheckConstraint(
                condition=(Q(per_transaction=None) | Q(per_transaction__gte=0))
                & (Q(per_day=None) | Q(per_day__gte=0))
                & (Q(per_month=None) | Q(per_month__gte=0)),
                name="walletlimits_not_negative",
            ),
        ]

    def public(self) -> dict[str, Any]:
        """The fields of events and of the REST answer."""
        return {
            "limits_id": self.public_id,
            "currency": self.currency,
            "kyc_level": int(self.kyc_level),
            "limits": {window: getattr(self, window) for window in WINDOWS},
            "livemode": self.livemode,
            "updated_at": self.updated_at.isoformat(),
        }
