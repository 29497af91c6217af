"""Rows of the double-entry ledger. Only the SQL functions in ``wallets/sql`` write them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Least
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from rupai.core.rows import Row, TenantRow
from wallets.states import AccountCode, AccountFlag, HoldState, Side, TransferFlag


class Account(TenantRow):
    """A place where money is: what never changes about it. Its numbers are in ``Counters``."""

    prefix = "acc"

    ledger = models.IntegerField()
    currency = models.CharField(max_length=3, db_collation="C")
    code = models.SmallIntegerField(choices=AccountCode)
    # The customer or wallet that owns it; null for the merchant's own accounts.
    owner_id = models.UUIDField(null=True, blank=True)
    flags = models.SmallIntegerField(default=0)
    # Rows of counters. A hot account has several, so that connections need not wait for each other.
    shards = models.SmallIntegerField(default=1)

    class Meta:
        verbose_name = "account"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "livemode", "currency", "code", "owner_id"],
                nulls_distinct=False,
                name="account_one_per_place",
            ),
            # A limit is checked on one row; a limit over several would need all of them locked each time.
            models.CheckConstraint(
                condition=Q(shards=1) | Q(flags__in=[0, 1, 32, 33]), name="account_limited_unsharded"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner_id"], condition=Q(owner_id__isnull=False), name="account_owner")
        ]

    @property
    def debits_must_not_exceed_credits(self) -> bool:
        return bool(self.flags & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)

    @property
    def credits_must_not_exceed_debits(self) -> bool:
        return bool(self.flags & AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS)


class Counters(models.Model):
    """One row of an account's counters (shard), with all that posting needs, so that it locks and reads one row.

    Readers add up an account's rows. ``version`` counts its entries; ``touched_at`` never goes back. The columns that
    repeat the account's are equal to it for ever: both are written once, when it is opened.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="counters", db_index=False)
    shard = models.SmallIntegerField()
    shards = models.SmallIntegerField()
    merchant_id = models.UUIDField()
    livemode = models.BooleanField()
    ledger = models.IntegerField()
    # Null: without a limit. 0: debits must not exceed credits. Above: by at most so much (overdraft), pending included.
    debits_may_exceed_by = models.BigIntegerField(null=True)
    credits_may_exceed_by = models.BigIntegerField(null=True)
    closed = models.BooleanField()
    version = models.BigIntegerField()
    touched_at = models.DateTimeField()
    debits_pending = models.BigIntegerField()
    debits_posted = models.BigIntegerField()
    credits_pending = models.BigIntegerField()
    credits_posted = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "counters"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "shard"], name="counters_once"),
            # One short condition, because PostgreSQL reads it anew for every update; null limits make a part of it
            # unknown, which passes.
            models.CheckConstraint(
                condition=Q(
                    GreaterThanOrEqual(
                        Least("debits_pending", "debits_posted", "credits_pending", "credits_posted"), Value(0)
                    ),
                    LessThanOrEqual(
                        F("debits_pending") + F("debits_posted") - F("debits_may_exceed_by"), F("credits_posted")
                    ),
                    LessThanOrEqual(
                        F("credits_pending") + F("credits_posted") - F("credits_may_exceed_by"), F("debits_posted")
                    ),
                ),
                name="counters_within_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.shard}"


class Transfer(TenantRow):
    """Money that moved, or is held, between two accounts: immutable, and both of its entries in one row.

    ``amount`` is what was moved or held; ``pending_change`` and ``posted_change`` are what it did to the counters of
    both sides. The columns that begin with ``debit_`` and ``credit_`` are the state of the two accounts right after.
    """

    prefix = "tr"

    debit_account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    pending_change = models.BigIntegerField()
    posted_change = models.BigIntegerField()
    # The pending transfer that this one posts, voids or expires.
    pending_id = models.UUIDField(null=True)
    timeout = models.BigIntegerField()
    ledger = models.IntegerField()
    flags = models.SmallIntegerField()
    kind = models.CharField(max_length=32, db_collation="C")
    # Public id of what it was for, so that a statement is read without joins.
    reference = models.CharField(max_length=64, db_collation="C", blank=True)
    debit_shard = models.SmallIntegerField()
    credit_shard = models.SmallIntegerField()
    debit_version = models.BigIntegerField()
    credit_version = models.BigIntegerField()
    debit_debits_pending = models.BigIntegerField()
    debit_debits_posted = models.BigIntegerField()
    debit_credits_pending = models.BigIntegerField()
    debit_credits_posted = models.BigIntegerField()
    credit_debits_pending = models.BigIntegerField()
    credit_debits_posted = models.BigIntegerField()
    credit_credits_pending = models.BigIntegerField()
    credit_credits_posted = models.BigIntegerField()

    class Meta:
        verbose_name = "transfer"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="transfer_moves_forward"),
            # A hold ends once: posted, voided or expired.
            models.UniqueConstraint(
                fields=["pending_id"], condition=Q(pending_id__isnull=False), name="transfer_resolves_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["debit_account", "debit_shard", "created_at", "debit_version"], name="transfer_debits"
            ),
            models.Index(
                fields=["credit_account", "credit_shard", "created_at", "credit_version"], name="transfer_credits"
            ),
            # Ascending, though lists are read from its end: an index that grows at its end keeps its pages full.
            models.Index(fields=["merchant_id", "livemode", "created_at", "id"], name="transfer_newest"),
            models.Index(fields=["reference"], name="transfer_reference"),
        ]

    @property
    def is_pending(self) -> bool:
        return bool(self.flags & TransferFlag.PENDING)


class Entry(Row):
    """One side of a transfer, as the account saw it; a view of ``Transfer`` (``wallets/sql/entry.sql``)."""

    prefix = "ent"

    merchant_id = models.UUIDField()
    livemode = models.BooleanField()
    created_at = models.DateTimeField()
    transfer = models.ForeignKey(Transfer, on_delete=models.DO_NOTHING, related_name="entries", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="entries", db_constraint=False)
    counterparty = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    side = models.CharField(max_length=6, choices=Side)
    shard = models.SmallIntegerField()
    version = models.BigIntegerField()
    amount = models.BigIntegerField()
    pending_change = models.BigIntegerField()
    posted_change = models.BigIntegerField()
    ledger = models.IntegerField()
    kind = models.CharField(max_length=32)
    flags = models.SmallIntegerField()
    reference = models.CharField(max_length=64)
    debits_pending = models.BigIntegerField()
    debits_posted = models.BigIntegerField()
    credits_pending = models.BigIntegerField()
    credits_posted = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "wallets_entry"
        verbose_name = "entry"
        verbose_name_plural = "entries"


class Hold(models.Model):
    """The state of a pending transfer: the only thing about it that changes, and only once."""

    transfer = models.OneToOneField(
        Transfer, on_delete=models.DO_NOTHING, primary_key=True, related_name="hold", db_constraint=False
    )
    state = models.CharField(max_length=8, choices=HoldState, db_collation="C")
    expires_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        Transfer, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["expires_at"], condition=Q(state=HoldState.PENDING), name="hold_open")
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.state}"


class BurntId(models.Model):
    """The id of a transfer that failed for a passing reason; it never succeeds later."""

    id = models.UUIDField(primary_key=True)
    result = models.CharField(max_length=64, db_collation="C")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "burnt id"

    def __str__(self) -> str:
        return str(self.id)
