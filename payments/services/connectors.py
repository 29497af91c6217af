"""From a provider account to its connector."""

from django.conf import settings

from payments.models import Attempt, ProviderAccount
from payments.providers import registry
from payments.providers.base import AccountConfig, Connector
from payments.services import defaults


def connector_of(account: ProviderAccount) -> Connector:
    """Build the connector of an account from its sealed configuration."""
    values = dict(account.configuration)
    base_url = values.pop("base_url", "") or defaults.base_url(account.provider)
    config = AccountConfig(
        base_url=base_url,
        credentials=values,
        connect_seconds=settings.PROVIDER_CONNECT_SECONDS,
        read_seconds=settings.PROVIDER_READ_SECONDS,
    )
    return registry.connector(account.provider, config)


def connector_of_attempt(attempt: Attempt) -> Connector:
    """The connector over which an attempt went."""
    assert attempt.provider_account is not None
    return connector_of(attempt.provider_account)
