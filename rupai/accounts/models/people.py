"""Users with their second factor, merchants, roles and members."""

import uuid
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
from rupai.core.rows import Row, RowQuerySet
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


class Authenticator(Device):  # type: ignore[misc]  # django-otp has no annotations
    """A person's second factor: the sealed secret of an authenticator app, and the digests of unused recovery codes."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="authenticator")
    secret = crypto.SealedField(context="accounts.authenticator.secret", editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    recovery_digests = ArrayField(models.CharField(max_length=64), default=list, editable=False)
    created_at = models.DateTimeField(editable=False)
