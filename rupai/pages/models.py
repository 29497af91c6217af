"""What people arrange for themselves in the console: saved views of lists, and preferences."""

import zoneinfo
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from rupai.accounts.models import Merchant, Role, User
from rupai.core import zones
from rupai.core.rows import Row
from rupai.core.zones import check_zone


class SavedView(Row):
    """A list's filters under a name: private to its owner, or shared with everybody of one merchant."""

    prefix = "view"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    # The merchant with whom it is shared; without one it is the owner's own.
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, related_name="saved_views")
    list_key = models.CharField(max_length=64, db_collation="C")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "saved view"
        indexes: ClassVar = [models.Index(fields=["merchant", "list_key"], name="savedview_shared")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "list_key", "name"], name="savedview_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shared(self) -> bool:
        return self.merchant_id is not None


class DefaultView(models.Model):
    """The view with which a list opens: of one person, or of everybody who has a role at a merchant."""

    id = models.BigAutoField(primary_key=True)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")
    list_key = models.CharField(max_length=64, db_collation="C")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = "default view"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "list_key"], name="defaultview_once_a_person"),
            models.UniqueConstraint(fields=["merchant", "role", "list_key"], name="defaultview_once_a_role"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, merchant__isnull=True, role__isnull=True)
                | Q(user__isnull=True, merchant__isnull=False, role__isnull=False),
                name="defaultview_person_or_role",
            ),
        ]


class Preference(models.Model):
    """How one person wants to see the console."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "Comfortable"
        COMPACT = "compact", "Compact"

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="preference")
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(max_length=11, choices=Density, default=Density.COMFORTABLE)
    # Empty: the zone of the merchant that is looked at.
    timezone = models.CharField(max_length=64, blank=True, validators=[check_zone])
    # The address name of a page of the menu; empty: the overview.
    start_page = models.CharField(max_length=64, blank=True, db_collation="C")

    @property
    def zone(self) -> Any:
        """The chosen time zone; None when none was chosen, or a release of the zone database took it away."""
        return zoneinfo.ZoneInfo(self.timezone) if self.timezone in zones.known() else None
