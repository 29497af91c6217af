"""Agents: programs that act for a merchant, each with a person who answers for it, and their keys."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rupai.accounts.models.keys import Credential
from rupai.accounts.models.people import Merchant, User
from rupai.accounts.scopes import check_scopes
from rupai.core import clock
from rupai.core.rows import Row, RowQuerySet


class Agent(Row):
    """A program of one merchant in one mode.

    It may do what its own scopes and its owner's role both allow. Killed, it stops at once, whatever key it shows.
    """

    prefix = "agt"

    class State(models.TextChoices):
        ACTIVE = "active"
        KILLED = "killed"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="agents", editable=False)
    livemode = models.BooleanField(editable=False)
    created_at = models.DateTimeField(editable=False)
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=255, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="agents", help_text="Who answers for it")
    scopes = ArrayField(models.CharField(max_length=40), validators=[check_scopes])
    toolsets = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Empty means the usual")
    read_only = models.BooleanField(default=False)
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE, db_collation="C", editable=False)
    killed_at = models.DateTimeField(null=True, editable=False)
    killed_by = models.CharField(max_length=80, blank=True, db_collation="C", editable=False)
    created_by = models.CharField(max_length=80, db_collation="C", editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        verbose_name = "agent"
        indexes: ClassVar = [models.Index(fields=["merchant", "livemode", "-created_at", "-id"], name="agent_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(state="active", killed_at__isnull=True, killed_by=""))
                | (Q(state="killed", killed_at__isnull=False) & ~Q(killed_by="")),
                name="agent_killed_whole",
            )
        ]

    def is_running(self, at: datetime) -> bool:
        return self.state == Agent.State.ACTIVE and (self.expires_at is None or self.expires_at > at)

    @property
    def status(self) -> str:
        if self.state == Agent.State.KILLED:
            return "killed"
        return "active" if self.is_running(clock.now()) else "expired"

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        return {
            "id": self.public_id,
            "name": self.name,
            "purpose": self.purpose,
            "owner_id": self.owner.public_id,
            "scopes": sorted(self.scopes),
            "toolsets": sorted(self.toolsets),
            "read_only": self.read_only,
            "status": self.status,
            "livemode": self.livemode,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "killed_at": self.killed_at.isoformat() if self.killed_at else None,
            "killed_by": self.killed_by,
        }


class AgentKey(Credential):
    """An agent's key ``ak_...``; it opens the doors of agents only, and can do what its agent can."""

    prefix = "agk"
    opening = "ak"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="keys", editable=False)
    # As the agent's, so that lists narrow without a join.
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="agent_keys", editable=False)

    class Meta:
        verbose_name = "agent key"
        indexes: ClassVar = [
            models.Index(fields=["merchant", "livemode", "-created_at", "-id"], name="agentkey_newest")
        ]
