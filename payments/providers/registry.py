"""The connectors, by name."""

from collections.abc import Callable

from payments.providers.base import AccountConfig, Connector
from payments.providers.sandbox import SandboxConnector
from payments.providers.wallet import WalletConnector
from rupai.core.errors import InvalidInput

# All of them speak to the sandbox acquirer; the further names let one test bank stand for several acquirers.
SANDBOXES = (SandboxConnector.name, "sandbox_alpha", "sandbox_beta", "sandbox_gamma")
_connectors: dict[str, Callable[[AccountConfig], Connector]] = dict.fromkeys(SANDBOXES, SandboxConnector)
_connectors[WalletConnector.name] = WalletConnector


class UnknownProvider(InvalidInput):
    code = "unknown_provider"


def register(name: str, make: Callable[[AccountConfig], Connector]) -> None:
    """Add a connector under a name, or replace the one that has it."""
    _connectors[name] = make


def names() -> list[str]:
    """List the registered providers in alphabetical order."""
    return sorted(_connectors)


def connector(name: str, config: AccountConfig) -> Connector:
    """Build the connector of a provider for one merchant's account.

    :raises UnknownProvider: when no connector has that name.
    """
    make = _connectors.get(name)
    if make is None:
        raise UnknownProvider(f"There is no provider {name!r}", hint=f"Use one of {', '.join(names())}.")
    return make(config)
