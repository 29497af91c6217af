"""Saving payment methods from providers' tokens, and detaching them."""

from django.db import transaction

from payments.models import PaymentMethod, ProviderAccount
from payments.models.method import Method
from payments.providers.base import NotKnown, TokenDescription
from payments.services.accounts import wallets_account
from payments.services.connectors import connector_of
from rupai.accounts.models import Customer
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, InvalidInput
from wallets.models import Wallet
from wallets.services.checks import check_active


class UnknownToken(InvalidInput):
    code = "unknown_token"
    hint = "Send the token that the provider's own form or SDK gave you; the sandbox's are in docs/sandbox.md."


class ProviderUnavailable(DomainError):
    """The provider does not answer; nothing was begun."""

    code, status, retry_after = "provider_unavailable", 503, 5


class NoProviderAccount(DomainError):
    code, status = "no_provider", 422
    hint = "Enable a provider account for this method."


def save_method(*, actor: Actor, customer_id: str, type: str, token: str, provider: str | None = None) -> PaymentMethod:
    """Save a provider's token as a payment method of a customer; the provider tells what it stands for.

    With type ``wallet`` the token may be the id of the customer's own wallet here.

    :raises NotFound: when the token is the id of a wallet that is not the customer's.
    :raises WalletFrozen: or WalletClosed, when it is the customer's.
    :raises UnknownToken: when the provider does not know the token, or it is of another type.
    :raises NoProviderAccount: when the merchant has no account that takes the type.
    :raises ProviderUnavailable: when the provider does not answer.
    """
    actor.require("payment_methods:write")
    customer: Customer = Customer.objects.visible_to(actor).named(customer_id)
    if type == Method.WALLET and token.startswith(f"{Wallet.prefix}_"):
        return _save_wallet(actor, customer, token)
    described, account = _describe(_account(actor, type, provider), token)
    if described.method != type:
        raise UnknownToken(f"This token stands for {described.method}, not for {type}")
    with transaction.atomic():
        method = PaymentMethod.objects.create(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            created_at=clock.now(),
            customer=customer,
            type=type,
            provider=account.provider,
            token=token.encode(),
            brand=described.brand,
            last4=described.last4,
            exp_month=described.expiry_month,
            exp_year=described.expiry_year,
            country=described.country,
        )
        events.emit("payment_method.created", subject=method, actor=actor, data=method.public())
        return method


def _save_wallet(actor: Actor, customer: Customer, wallet_id: str) -> PaymentMethod:
    wallet = Wallet.objects.visible_to(actor).filter(customer=customer).named(wallet_id)
    check_active(wallet)
    account = wallets_account(actor)
    with transaction.atomic():
        method = PaymentMethod.objects.create(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            created_at=clock.now(),
            customer=customer,
            type=Method.WALLET,
            provider=account.provider,
            token=wallet_id.encode(),
            wallet=wallet,
            brand=wallet.currency,
            last4=wallet_id[-4:],
        )
        events.emit("payment_method.created", subject=method, actor=actor, data=method.public())
        return method


def detach_method(*, actor: Actor, payment_method_token: str) -> PaymentMethod:
    """Make a payment method unusable; detaching it again changes nothing."""
    actor.require("payment_methods:write")
    with transaction.atomic():
        rows = PaymentMethod.objects.visible_to(actor).select_for_update(of=("self",))
        method: PaymentMethod = rows.named(payment_method_token)
        if method.detached_at is None:
            method.detached_at = clock.now()
            method.save(update_fields=["detached_at"])
            changes = {"status": ["active", "detached"]}
            events.emit("payment_method.detached", subject=method, actor=actor, data=method.public(), changes=changes)
        return method


def _account(actor: Actor, type: str, provider: str | None) -> ProviderAccount:
    accounts = ProviderAccount.objects.visible_to(actor).filter(enabled=True, methods__contains=[Method(type)])
    if provider is not None:
        accounts = accounts.filter(provider=provider)
    found: ProviderAccount | None = accounts.order_by("priority", "id").first()
    if found is None:
        raise NoProviderAccount(f"No provider account takes {type}")
    return found


def _describe(account: ProviderAccount, token: str) -> tuple[TokenDescription, ProviderAccount]:
    result = connector_of(account).describe_token(token)
    if isinstance(result, TokenDescription):
        return result, account
    if isinstance(result, NotKnown):
        raise UnknownToken(f"{account.provider} does not know this token")
    raise ProviderUnavailable(f"{account.provider} does not answer right now")
