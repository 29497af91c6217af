"""The audit chain: one sealed entry for each sequenced event, the head of each chain, and verifications of them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from rupai.core.models import Event
from rupai.core.rows import Row, RowQuerySet


class AuditEntry(models.Model):
    """The seal over one event: ``hash`` covers the event, its numbers and the hash of the entry before it.

    Triggers refuse UPDATE and DELETE, and TRUNCATE too unless the session allows it as the test suite does. Production
    runs with a database role that lacks the TRUNCATE privilege.
    """

    event = models.OneToOneField(
        Event, on_delete=models.PROTECT, primary_key=True, related_name="audit_entry", editable=False
    )
    merchant_id = models.UUIDField(editable=False)
    livemode = models.BooleanField(editable=False)
    seq = models.BigIntegerField(editable=False)
    prev_hash = models.CharField(max_length=64, editable=False, db_collation="C")
    hash = models.CharField(max_length=64, editable=False, db_collation="C")
    at = models.DateTimeField(editable=False)

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "seq"], name="audit_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="audit_seq_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} · {self.hash[:12]}"


class AuditHead(models.Model):
    """Where a merchant's chain ends, signed; ``position`` is that of its last event in the log of all merchants."""

    id = models.BigAutoField(primary_key=True)
    merchant_id = models.UUIDField(editable=False)
    livemode = models.BooleanField(editable=False)
    seq = models.BigIntegerField(editable=False)
    hash = models.CharField(max_length=64, editable=False, db_collation="C")
    position = models.BigIntegerField(editable=False)
    at = models.DateTimeField(editable=False)
    signature = models.CharField(max_length=128, editable=False, db_collation="C")

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        verbose_name = "head of an audit chain"
        verbose_name_plural = "heads of audit chains"
        indexes: ClassVar = [models.Index(fields=["-position"], name="audithead_furthest")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["merchant_id", "livemode"], name="audithead_once")]

    def __str__(self) -> str:
        return f"{self.seq} · {self.hash[:12]}"


class ChainCheck(Row):
    """One verification that somebody asked for; without merchant it covers all chains and the whole log."""

    prefix = "chk"

    class State(models.TextChoices):
        RUNNING = "running"
        VERIFIED = "verified"
        BROKEN = "broken"
        FAILED = "failed"

    merchant_id = models.UUIDField(null=True, editable=False)
    livemode = models.BooleanField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    requested_by = models.CharField(max_length=80, editable=False, db_collation="C")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING, editable=False)
    expected = models.BigIntegerField("entries when it began", editable=False)
    entries = models.BigIntegerField("entries checked", default=0, editable=False)
    # For each chain: tenant, entries, hash, and seq, event and problem of the first fault.
    verdicts = models.JSONField(default=list, editable=False)
    beat_at = models.DateTimeField(editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        verbose_name = "verification of the audit chain"
        verbose_name_plural = "verifications of the audit chain"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="chaincheck_newest")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "livemode"],
                condition=Q(state="running"),
                nulls_distinct=False,
                name="chaincheck_one_at_a_time",
            )
        ]
