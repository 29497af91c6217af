"""What the platform knows about itself: workers that live, and rules that held."""

from typing import ClassVar

from django.db import models


class Heartbeat(models.Model):
    """The last time a worker took a task from a queue."""

    queue = models.CharField(max_length=32, primary_key=True, db_collation="C")
    worker = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.queue} ({self.at:%Y-%m-%d %H:%M:%S})"


class InvariantResult(models.Model):
    """How the last check of a rule ended; ``violations`` keeps the first few lines of ``count``."""

    class State(models.TextChoices):
        HOLDS = "holds"
        BROKEN = "broken"
        FAILED = "failed", "could not be checked"

    name = models.CharField(max_length=64, primary_key=True, db_collation="C")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=6, choices=State)
    count = models.PositiveIntegerField()
    violations = models.JSONField(default=list)
    milliseconds = models.PositiveIntegerField()
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name = "invariant"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="broken", count__gt=0) | ~models.Q(state="broken") & models.Q(count=0),
                name="invariant_broken_counts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
