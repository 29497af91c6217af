"""Who may do what: users, merchants, members, roles, keys and customers."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from rupai.core.schedules import schedule


class AccountsConfig(AppConfig):
    name = "rupai.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        post_migrate.connect(_ensure_roles, sender=self, dispatch_uid="accounts.roles")
        schedule("accounts.sign_ins", "accounts.forget_sign_ins", every=3600)


def _ensure_roles(*, using: str, apps: Any = None, **_: Any) -> None:
    """Keep the built-in roles after every migration and after a flush; without the table (migrated away) do nothing."""
    from rupai.accounts.services.roles import ensure_built_in_roles

    if apps is None or "role" in apps.all_models["accounts"]:
        ensure_built_in_roles(using=using)
