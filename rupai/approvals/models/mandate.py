"""How much money an agent may move by itself, and what of that it has used.

The words are those of AP2 (Agent Payments Protocol): amount range, budget, allowed payees, execution date, recurrence.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rupai.accounts.models import Agent
from rupai.approvals.states import COUNTED, MandateState, UseState, Window
from rupai.core import clock, ids
from rupai.core.rows import TenantRow
from rupai.core.zones import day_of, month_of


class Mandate(TenantRow):
    """What one agent may do with money. It is never changed: another one is granted and this one revoked.

    ``limits`` maps a currency to its windows and their ceilings, ``approval_over`` a currency to the greatest amount
    that needs no second person; all in minor units. A currency without a limit is not covered.
    """

    prefix = "man"

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="mandates", editable=False)
    scopes = ArrayField(models.CharField(max_length=40), editable=False)
    limits = models.JSONField(editable=False)
    approval_over = models.JSONField(default=dict, editable=False)
    allowed_payees = ArrayField(
        models.CharField(max_length=40), default=list, editable=False, help_text="Customers, wallets; empty: any"
    )
    valid_from = models.DateTimeField(editable=False)
    valid_until = models.DateTimeField(null=True, editable=False)
    state = models.CharField(
        max_length=7, choices=MandateState, default=MandateState.ACTIVE, db_collation="C", editable=False
    )
    granted_by = models.CharField(max_length=80, db_collation="C", editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.CharField(max_length=80, blank=True, db_collation="C", editable=False)

    class Meta:
        verbose_name = "mandate"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="mandate_newest")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="active", revoked_at__isnull=True, revoked_by="")
                | (Q(state="revoked", revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="mandate_revoked_whole",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="mandate_valid_forwards",
            ),
        ]

    @property
    def agent_public_id(self) -> str:
        return ids.public_id(Agent.prefix, self.agent_id)

    @property
    def status(self) -> str:
        return self.status_at(clock.now())

    def status_at(self, at: datetime) -> str:
        """``active``, ``revoked``, ``expired``, or ``scheduled`` before it begins."""
        if self.state == MandateState.REVOKED:
            return "revoked"
        if self.valid_until is not None and self.valid_until <= at:
            return "expired"
        return "active" if self.valid_from <= at else "scheduled"

    def ceilings(self, currency: str) -> dict[Window, int]:
        """The limits in one currency, narrowest window first; empty when it is not covered."""
        found = self.limits.get(currency, {})
        return {window: found[window] for window in Window if window in found}

    def starts(self, at: datetime, zone: ZoneInfo) -> dict[Window, datetime]:
        """The first moment of each counted window around a moment: hours in UTC, days and months in the zone."""
        return {
            Window.HOUR: at.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
            Window.DAY: day_of(at, zone)[0].astimezone(UTC),
            Window.MONTH: month_of(at, zone)[0].astimezone(UTC),
            Window.TOTAL: self.valid_from,
        }

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        return {
            "mandate_id": self.public_id,
            "agent_id": self.agent_public_id,
            "scopes": sorted(self.scopes),
            "limits": [
                {"currency": currency, "window": str(window), "max": ceiling}
                for currency in sorted(self.limits)
                for window, ceiling in self.ceilings(currency).items()
            ],
            "approval_over": [
                {"currency": currency, "amount": amount} for currency, amount in sorted(self.approval_over.items())
            ],
            "allowed_payees": sorted(self.allowed_payees),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "status": self.status,
            "granted_by": self.granted_by,
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "revoked_by": self.revoked_by,
        }


class MandateUse(TenantRow):
    """One movement of money under a mandate. ``key`` is the id of the row that stands for the movement."""

    prefix = "use"

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="uses", editable=False)
    key = models.CharField(max_length=64, unique=True, db_collation="C", editable=False)
    scope = models.CharField(max_length=40, editable=False)
    subject = models.CharField("what the money moves for", max_length=64, db_collation="C", editable=False)
    payee = models.CharField(max_length=64, db_collation="C", editable=False)
    amount = models.BigIntegerField(editable=False)
    currency = models.CharField(max_length=3, db_collation="C", editable=False)
    # The windows it counts in, by their first moments: hours in UTC, days and months in the merchant's zone.
    hour_at = models.DateTimeField(editable=False)
    day_at = models.DateTimeField(editable=False)
    month_at = models.DateTimeField(editable=False)
    state = models.CharField(
        max_length=9, choices=UseState, default=UseState.RESERVED, db_collation="C", editable=False
    )
    settled_at = models.DateTimeField(null=True, editable=False)
    approval = models.CharField("approval that allowed it", max_length=40, blank=True, editable=False)

    class Meta:
        verbose_name = "use of a mandate"
        verbose_name_plural = "uses of mandates"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="mandateuse_newest"),
            models.Index(fields=["created_at"], condition=Q(state="reserved"), name="mandateuse_open"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="mandateuse_amount_above_zero"),
            models.CheckConstraint(
                condition=Q(state="reserved", settled_at__isnull=True)
                | (Q(state__in=["committed", "released"], settled_at__isnull=False)),
                name="mandateuse_settled_whole",
            ),
        ]


class MandateCounter(models.Model):
    """What is used and reserved of one limit in one window. The database itself refuses to go over the ceiling."""

    id = models.BigAutoField(primary_key=True)
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="counters", editable=False)
    currency = models.CharField(max_length=3, db_collation="C", editable=False)
    window = models.CharField(max_length=5, choices=[(each, each.label) for each in COUNTED], editable=False)
    starts_at = models.DateTimeField(editable=False)
    ceiling = models.BigIntegerField(editable=False)
    used = models.BigIntegerField(default=0, editable=False)
    reserved = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "counter of a mandate"
        verbose_name_plural = "counters of mandates"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mandate", "currency", "window", "starts_at"], name="mandatecounter_once"),
            models.CheckConstraint(condition=Q(used__gte=0, reserved__gte=0), name="mandatecounter_not_negative"),
            models.CheckConstraint(
                condition=Q(ceiling__gte=F("used") + F("reserved")), name="mandatecounter_never_over_its_ceiling"
            ),
        ]

    @property
    def taken(self) -> int:
        return self.used + self.reserved
