"""Decisions with their inputs, so that each can be explained and replayed; and the rules they follow."""

from typing import ClassVar

from django.db import models

from payments.models.attempt import Attempt
from payments.models.payment import Payment
from rupai.core.rows import Row, TenantRow


class Verdict(models.TextChoices):
    ALLOW = "allow"
    CHALLENGE = "challenge"
    REVIEW = "review"
    BLOCK = "block"


class RiskDecision(Row):
    """How risky a payment looked, and why."""

    prefix = "rsk"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="risk_decisions")
    score = models.FloatField()
    verdict = models.CharField(max_length=9, choices=Verdict)
    factors = models.JSONField(default=list)
    inputs = models.JSONField(default=dict)
    model_version = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "risk decision"

    def public(self) -> dict[str, object]:
        factors = [{"name": factor["name"], "weight": factor["weight"]} for factor in self.factors]
        return {"score": self.score, "decision": self.verdict, "factors": factors, "model_version": self.model_version}


class RouteDecision(Row):
    """Which provider was chosen among which, by which policy, with which chance."""

    prefix = "rte"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="route_decisions")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="route", null=True)
    policy = models.CharField(max_length=40)
    chosen = models.CharField(max_length=32, db_collation="C")
    candidates = models.JSONField(default=list)
    propensity = models.FloatField()
    reason = models.CharField(max_length=255)
    seed = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "route decision"

    def public(self) -> dict[str, object]:
        considered = [
            {"provider": each["provider"], "score": each["score"], "reason": each["reason"]} for each in self.candidates
        ]
        return {"provider": self.chosen, "considered": considered}


class RiskPolicy(TenantRow):
    """A merchant's thresholds in one currency; without a row the defaults of ``payments.risk.rules`` hold."""

    prefix = "rpo"

    currency = models.CharField(max_length=3, db_collation="C")
    challenge_over = models.BigIntegerField(null=True, blank=True, help_text="Minor units")
    review_over = models.BigIntegerField(null=True, blank=True, help_text="Minor units")
    block_over = models.BigIntegerField(null=True, blank=True, help_text="Minor units")
    most_per_hour = models.PositiveIntegerField(null=True, blank=True, help_text="Payments of one customer")

    class Meta:
        verbose_name = "risk policy"
        verbose_name_plural = "risk policies"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "currency"], name="riskpolicy_once")
        ]


class RiskListEntry(TenantRow):
    """A customer, payment method or card country that is always refused or never questioned."""

    prefix = "rle"

    class Kind(models.TextChoices):
        CUSTOMER = "customer"
        PAYMENT_METHOD = "payment_method"
        COUNTRY = "country"

    kind = models.CharField(max_length=16, choices=Kind)
    value = models.CharField(max_length=64, db_collation="C")
    verdict = models.CharField(max_length=9, choices=[(Verdict.ALLOW, "allow"), (Verdict.BLOCK, "block")])
    note = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name = "risk list entry"
        verbose_name_plural = "risk list entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "kind", "value"], name="risklistentry_once")
        ]
