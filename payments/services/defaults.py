"""Where a provider listens unless an account says otherwise."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from payments.providers import registry
from payments.providers.wallet import WalletConnector


def base_url(provider: str) -> str:
    """Tell the usual base URL of a provider; empty for wallets, which are reached without a wire.

    :raises ImproperlyConfigured: when none is known; the account's configuration must then name it.
    """
    if provider == WalletConnector.name:
        return ""
    if provider in registry.SANDBOXES and settings.SANDBOX_URL:
        return str(settings.SANDBOX_URL)
    raise ImproperlyConfigured(
        f"No base URL for {provider}: set it in the provider account (sandbox: RUPAI_SANDBOX_URL)"
    )
