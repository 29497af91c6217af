"""The audit chain: one sealed entry for each sequenced event, and the head of each merchant's chain."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from rupai.core.models import Event
from rupai.core.rows import RowQuerySet


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
