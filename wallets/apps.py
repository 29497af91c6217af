"""The double-entry ledger and the wallets on it."""

from django.apps import AppConfig


class WalletsConfig(AppConfig):
    name = "wallets"
    label = "wallets"
    verbose_name = "Wallets"

    def ready(self) -> None:
        from rupai.core.schedules import schedule
        from wallets import probes  # noqa: F401
        from wallets.services import approved  # noqa: F401

        schedule("wallets.expire_holds", "wallets.expire_holds", every=30)
