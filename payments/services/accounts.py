"""Configuring provider accounts; the sandbox account of a new test-mode merchant."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from payments.models import ProviderAccount
from payments.models.method import Method
from payments.providers import registry
from payments.providers.wallet import WalletConnector
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput

SANDBOX_METHODS = (Method.CARD, Method.UPI, Method.NETBANKING)
# Synthetic: it opens nothing but the sandbox acquirer, whose charges move no money.
SANDBOX_KEY = "sk_test_sandbox_"


def create_provider_account(
    *,
    actor: Actor,
    provider: str,
    name: str,
    configuration: dict[str, str],
    methods: Sequence[str],
    currencies: Sequence[str] = (),
    priority: int = 100,
) -> ProviderAccount:
    """Configure an account at a provider; its credentials are sealed and never shown again.

    :raises InvalidInput: when no connector has this name.
    """
    actor.require("providers:write")
    if provider not in registry.names():
        raise InvalidInput(f"There is no connector {provider!r}", hint=f"Known: {', '.join(registry.names())}.")
    with transaction.atomic():
        account = ProviderAccount(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            created_at=clock.now(),
            provider=provider,
            name=name,
            methods=list(methods),
            currencies=list(currencies),
            priority=priority,
        )
        account.configuration = configuration
        account.save(force_insert=True)
        data = {"provider": provider, "name": name, "methods": list(methods), "priority": priority}
        events.emit("provider_account.created", subject=account, actor=actor, data=data)
        return account


def wallets_account(actor: Actor) -> ProviderAccount:
    """The account over which payments from the merchant's own wallets go; made when the first one needs it."""
    platform = Actor.platform("setup", merchant_id=actor.merchant, livemode=actor.livemode)
    rows = ProviderAccount.objects.visible_to(platform).filter(provider=WalletConnector.name)
    found: ProviderAccount | None = rows.order_by("id").first()
    if found is not None:
        return found
    try:
        return create_provider_account(
            actor=platform,
            provider=WalletConnector.name,
            name="Wallets",
            configuration={},
            methods=[Method.WALLET],
        )
    except IntegrityError:
        # Somebody else has just made it.
        made: ProviderAccount = rows.get()
        return made


def add_sandbox(merchant_id: UUID) -> None:
    """Give a merchant a sandbox account in test mode, unless it has one."""
    actor = Actor.platform("setup", merchant_id=merchant_id, livemode=False)
    if ProviderAccount.objects.visible_to(actor).filter(provider="sandbox").exists():
        return
    create_provider_account(
        actor=actor,
        provider="sandbox",
        name="Sandbox",
        configuration={"secret_key": SANDBOX_KEY + merchant_id.hex},
        methods=SANDBOX_METHODS,
    )
