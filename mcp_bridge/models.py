"""Every call of an agent, as it was decided; and the nonces that were spent."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from rupai.accounts.models import Agent
from rupai.core.rows import TenantRow


class Verdict(models.TextChoices):
    """How a call ended."""

    DONE = "done"
    DECLINED = "declined", "declined by the provider"
    REFUSED = "refused", "refused by a rule"
    DENIED = "denied", "denied by mandate or scope"
    NEEDS_APPROVAL = "needs_approval", "waits for a person"
    INVALID = "invalid", "input not valid"
    LIMITED = "limited", "too many calls"
    FAILED = "failed", "failed here"


class AgentCall(TenantRow):
    """One call of a tool. The arguments are told by their SHA-256 only; ``subject`` is what the call made or moved."""

    prefix = "call"

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="calls", editable=False)
    tool = models.CharField(max_length=64, db_collation="C", editable=False)
    tier = models.CharField(max_length=8, blank=True, db_collation="C", editable=False)
    digest = models.CharField("digest of the arguments", max_length=64, db_collation="C", editable=False)
    verdict = models.CharField(max_length=14, choices=Verdict, db_collation="C", editable=False)
    code = models.CharField("reason", max_length=64, blank=True, db_collation="C", editable=False)
    subject = models.CharField(max_length=40, blank=True, db_collation="C", editable=False)
    approval = models.CharField(max_length=40, blank=True, db_collation="C", editable=False)
    replayed = models.BooleanField(default=False, editable=False)
    dry_run = models.BooleanField(default=False, editable=False)
    milliseconds = models.PositiveIntegerField(editable=False)
    protocol = models.CharField(max_length=10, blank=True, db_collation="C", editable=False)
    client = models.CharField(max_length=80, blank=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, db_collation="C", editable=False)

    class Meta:
        verbose_name = "call of an agent"
        verbose_name_plural = "calls of agents"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="agentcall_newest"),
            models.Index(fields=["agent", "-created_at", "-id"], name="agentcall_of_agent"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.NEEDS_APPROVAL) | ~Q(approval=""), name="agentcall_approval_named"
            )
        ]

    def public(self) -> dict[str, Any]:
        """The fields of the event; nothing of the arguments but their digest."""
        return {
            "call_id": self.public_id,
            "tool": self.tool,
            "tier": self.tier,
            "arguments_digest": self.digest,
            "verdict": self.verdict,
            "code": self.code,
            "subject_id": self.subject,
            "approval_id": self.approval,
            "replayed": self.replayed,
            "dry_run": self.dry_run,
            "milliseconds": self.milliseconds,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }


class SpentNonce(models.Model):
    """A state that was handed to a client and came back once; it does not count a second time."""

    nonce = models.CharField(max_length=64, primary_key=True, db_collation="C", editable=False)
    expires_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "spent nonce"
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="spentnonce_age")]
