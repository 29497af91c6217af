"""Rows that every floor leans on: the event log, its readers, idempotency and dead letters."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from rupai.core.crypto import SealedField
from rupai.core.rows import TenantRow


class CurrentTransaction(models.Func):
    """The number of the running transaction, against which the sequencer compares the snapshot's oldest."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()
    arity = 0
    allowed_default = True


class NextInserted(models.Func):
    """The order in which events were written; row locks make it causal for one subject."""

    template = "nextval('core_event_inserted_seq')"
    output_field = models.BigIntegerField()
    arity = 0
    allowed_default = True


class Event(TenantRow):
    """A fact, written in the transaction that made it true.

    ``seq`` (gap-free per merchant and mode) and ``position`` (gap-free over all, the cursor of readers) are given later
    by the one sequencer; until then they are null. Nothing else ever changes.
    """

    prefix = "evt"

    type = models.CharField(max_length=64, db_collation="C")
    subject_type = models.CharField(max_length=32, db_collation="C")
    subject_id = models.CharField(max_length=64, db_collation="C")
    data = models.JSONField()
    changes = models.JSONField(default=dict)
    actor = models.CharField(max_length=80, db_collation="C")
    correlation_id = models.CharField(max_length=64, blank=True, db_collation="C")
    transaction = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    inserted = models.BigIntegerField(db_default=NextInserted(), editable=False)
    seq = models.BigIntegerField(null=True, editable=False)
    position = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = "event"
        indexes: ClassVar = [
            models.Index(fields=["inserted"], condition=Q(seq__isnull=True), name="event_unsequenced"),
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="event_newest"),
            models.Index(fields=["subject_id", "inserted"], name="event_subject"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "seq"], name="event_seq_once"),
            models.UniqueConstraint(fields=["position"], name="event_position_once"),
            models.CheckConstraint(
                # Both or neither, said in full: a CHECK that comes out as NULL passes.
                condition=Q(seq__isnull=True, position__isnull=True)
                | Q(seq__isnull=False, position__isnull=False, seq__gte=1, position__gte=1),
                name="event_sequenced_whole",
            ),
        ]


class ReaderCursor(models.Model):
    """How far a reader of the whole log has come; it moves in the transaction of the reader's effect."""

    name = models.CharField(max_length=64, primary_key=True, db_collation="C")
    position = models.BigIntegerField(default=0)


class HandlerRun(models.Model):
    """One event handler's work on one event: unique, so a repeated delivery does nothing twice."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        DEAD = "dead"

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="runs")
    handler = models.CharField(max_length=120, db_collation="C")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due_at"], condition=Q(state="pending"), name="handlerrun_due")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "handler"], name="handlerrun_once")]


class IdempotencyRecord(TenantRow):
    """A caller's key: claimed before any work, answered with the same bytes ever after."""

    prefix = "idem"

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"

    door = models.CharField(max_length=80, db_collation="C")
    key = models.CharField(max_length=255, db_collation="C")
    operation = models.CharField(max_length=64, db_collation="C")
    fingerprint = models.CharField(max_length=64, db_collation="C")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    leased_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=64, blank=True)
    body = SealedField(null=True, context="core.idempotency.body")

    class Meta:
        verbose_name = "idempotency record"
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_age")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "door", "key"], name="idempotency_once")
        ]


class DeadLetter(models.Model):
    """A task that was given up; it can be sent again."""

    id = models.BigAutoField(primary_key=True)
    task = models.CharField(max_length=120, db_collation="C")
    queue = models.CharField(max_length=32, db_collation="C")
    arguments = models.JSONField(default=dict)
    error = models.TextField()
    tries = models.PositiveSmallIntegerField()
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)
    # Who decided last; the platform's own work has no merchant in whose log it could be told.
    decided_by = models.CharField(max_length=80, blank=True, db_collation="C")

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["-created_at"], name="deadletter_newest")]

    def __str__(self) -> str:
        return f"{self.task} ({self.created_at:%Y-%m-%d %H:%M})"
