"""The state of signing in: families of tokens, and counters of tries."""

import uuid
from typing import ClassVar

from django.db import models

from rupai.accounts.models.people import Merchant, User


class SignInFamily(models.Model):
    """All tokens that descend from one sign-in; revoking it kills every one of them at once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE)
    livemode = models.BooleanField()
    # Django's digest of the password at sign-in: a changed password ends the tokens, as it ends the sessions.
    auth_hash = models.CharField(max_length=64, db_collation="C")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField("end of the last refresh token")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "sign-in families"
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="signinfamily_end")]


class SignInGuard(models.Model):
    """Counts wrong sign-ins of one name or address; names without an account count too, so that none is betrayed."""

    subject = models.CharField(max_length=64, primary_key=True, db_collation="C")
    failures = models.PositiveSmallIntegerField(default=0)
    last_failure_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["last_failure_at"], name="signinguard_age")]
