"""Users, merchants, members, roles, API keys, sign-in state and customers."""

import json
import uuid
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django_otp.models import Device

from rupai.accounts.scopes import check_scopes
from rupai.core import clock, crypto
from rupai.core.rows import Row, RowQuerySet, TenantRow
from rupai.core.zones import check_zone


class UserManager(BaseUserManager["User"]):
    """Makes users from an e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), joined_at=clock.now(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin, Row):
    """A person. Staff enter the console; what they see there follows from their memberships."""

    prefix = "usr"

    email = models.EmailField("e-mail", max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may enter the console", default=False)
    second_factor_waived = models.BooleanField("needs no second factor even where all staff do", default=False)
    joined_at = models.DateTimeField(editable=False)
    # The second factor of this sign-in or session; set by the sign-in service and by django-otp's middleware.
    otp_device: "Authenticator | None"

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "user"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return super().normalize_username(username).strip().lower()

    @cached_property
    def reach(self) -> dict[uuid.UUID, frozenset[str]]:
        """The scopes at each merchant whose member this user is now; read once per loaded user, that is per request."""
        places = self.memberships.filter(is_active=True, merchant__is_active=True).select_related("role")
        return {place.merchant_id: frozenset(place.role.scopes) for place in places}

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether this user has set up a second factor; read once per loaded user."""
        return bool(Authenticator.objects.filter(user=self, confirmed=True).exists())


class Merchant(Row):
    """A tenant: whoever takes payments here."""

    prefix = "mer"

    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, default="IN")
    currency = models.CharField("usual currency", max_length=3, default="INR")
    timezone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[check_zone])
    fee_basis_points = models.PositiveIntegerField("our fee in hundredths of a per cent", default=190)
    is_active = models.BooleanField(default=True)
    live_enabled = models.BooleanField("may take real payments", default=False)
    created_at = models.DateTimeField(editable=False)

    objects: ClassVar[Any] = RowQuerySet.as_manager()

    class Meta:
        verbose_name = "merchant"
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="merchant_name_once"),
            models.CheckConstraint(condition=Q(fee_basis_points__lte=10_000), name="merchant_fee_below_all"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """A named set of scopes; a role without merchant is built in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, blank=True, related_name="roles")
    name = models.CharField(max_length=40)
    scopes = ArrayField(models.CharField(max_length=40), validators=[check_scopes], default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant", "name"], name="role_name_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.name


class Membership(Row):
    """A user's place at a merchant."""

    prefix = "mem"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    # A merchant decides about its own members; only the platform decides about the person (User.is_active).
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "merchant"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant} · {self.role}"


class ApiKey(Row):
    """A merchant's credential: ``rk_<mode>_<key id>_<secret>``, of which only the secret's hash is kept."""

    prefix = "key"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_keys")
    livemode = models.BooleanField(editable=False)
    created_at = models.DateTimeField(editable=False)
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=40), validators=[check_scopes])
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
        verbose_name = "API key"
        indexes: ClassVar = [models.Index(fields=["merchant", "livemode", "-created_at", "-id"], name="apikey_newest")]

    def is_usable(self, at: datetime) -> bool:
        expired = self.expires_at is not None and self.expires_at <= at
        return self.revoked_at is None and not expired

    @property
    def status(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.is_usable(clock.now()) else "expired"


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


class Customer(TenantRow):
    """A payer of one merchant. Personal data is sealed under a key of its own: destroying the key erases the person."""

    prefix = "cust"

    data_key = crypto.SealedField(null=True, context="accounts.customer.data_key", editable=False)
    personal = models.BinaryField(editable=False)
    email_index = models.BinaryField(max_length=32, null=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "customer"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="customer_newest"),
            models.Index(fields=["merchant_id", "livemode", "email_index"], name="customer_email"),
        ]

    def person(self) -> dict[str, str]:
        """The personal data: ``name``, ``email``, ``phone``; empty once erased."""
        if self.data_key is None:
            return {}
        plain = crypto.unseal(bytes(self.personal), context=self._context, key=bytes(self.data_key))
        found: dict[str, str] = json.loads(plain)
        return found

    def set_person(self, person: dict[str, str]) -> None:
        """Seal personal data and index the e-mail address for exact search."""
        if self.data_key is None:
            self.data_key = crypto.new_data_key()
        self.personal = crypto.seal(json.dumps(person).encode(), context=self._context, key=bytes(self.data_key))
        email = person.get("email", "").strip().lower()
        self.email_index = email_indexes(email)[0] if email else None

    @property
    def _context(self) -> str:
        return f"accounts.customer.personal:{self.pk}"

    @property
    def name(self) -> str:
        return self.person().get("name", "")

    @property
    def email(self) -> str:
        return self.person().get("email", "")

    @property
    def phone(self) -> str:
        return self.person().get("phone", "")


def email_indexes(email: str) -> list[bytes]:
    """Blind indexes of an e-mail address, newest key first."""
    return crypto.blind_indexes(email.strip().lower(), purpose="customer.email")


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


class Authenticator(Device):  # type: ignore[misc]  # django-otp has no annotations
    """A person's second factor: the sealed secret of an authenticator app, and the digests of unused recovery codes."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="authenticator")
    secret = crypto.SealedField(context="accounts.authenticator.secret", editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    recovery_digests = ArrayField(models.CharField(max_length=64), default=list, editable=False)
    created_at = models.DateTimeField(editable=False)
