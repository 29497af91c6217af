"""Taking, capturing, cancelling and refunding payments."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    label = "payments"
    verbose_name = "Payments"

    def ready(self) -> None:
        from payments import probes, setup  # noqa: F401
        from payments.services import approved, bulk_refund  # noqa: F401
        from rupai.core.schedules import schedule

        schedule("payments.janitor", "payments.sweep", every=15)
