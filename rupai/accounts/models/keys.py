"""What machines show as their proof: the common part of every key, and a merchant's API keys with their callers."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rupai.accounts.models.people import Merchant
from rupai.accounts.scopes import check_scopes
from rupai.core import clock
from rupai.core.rows import Row, RowQuerySet


class Credential(Row):
    """A key ``<opening>_<mode>_<key id>_<secret>``, of which only the secret's hash is kept."""

    # The text that every secret of this kind begins with.
    opening: ClassVar[str]

    livemode = models.BooleanField(editable=False)
    created_at = models.DateTimeField(editable=False)
    secret_digest = models.CharField(max_length=64, editable=False, db_collation="C")
    last4 = models.CharField(max_length=4, editable=False)
    created_by = models.CharField(max_length=80, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.GenericIPAddressField(null=True, blank=True, editable=False)
    # A rotated key goes on until the overlap ends, so that a deployment can change over without a gap.
    rotated_to = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="rotated_from", editable=False
    )

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_usable(self, at: datetime) -> bool:
        expired = self.expires_at is not None and self.expires_at <= at
        return self.revoked_at is None and not expired

    @property
    def status(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.is_usable(clock.now()) else "expired"


class ApiKey(Credential):
    """A merchant's key ``rk_...`` for its own servers."""

    prefix = "key"
    opening = "rk"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=40), validators=[check_scopes])

    class Meta:
        verbose_name = "API key"
        indexes: ClassVar = [models.Index(fields=["merchant", "livemode", "-created_at", "-id"], name="apikey_newest")]


class ApiKeyUse(models.Model):
    """Who called with a key on one day (UTC): an address and a kind of program; a key has at most a hundred a day."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="uses", editable=False)
    day = models.DateField(editable=False)
    address = models.GenericIPAddressField(null=True, editable=False)
    agent = models.CharField(max_length=60, blank=True, editable=False)
    calls = models.BigIntegerField("calls, at least", editable=False)
    last_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "use of an API key"
        indexes: ClassVar = [models.Index(fields=["day"], name="apikeyuse_age")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "day", "address", "agent"], name="apikeyuse_once", nulls_distinct=False
            )
        ]
