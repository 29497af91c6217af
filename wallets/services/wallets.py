"""Open, freeze, unfreeze and close customers' wallets."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from rupai.accounts.models import Customer
from rupai.core import clock, events, ids
from rupai.core.actor import Actor
from rupai.core.errors import WrongState
from rupai.core.money import currency as known_currency
from wallets.errors import WalletExists, WalletNotEmpty
from wallets.models import Wallet
from wallets.selectors.ledger import balance_of
from wallets.services.accounts import chart_accounts, open_account
from wallets.services.checks import lock_wallet
from wallets.services.ledger import NewTransfer, pending, post_transfers
from wallets.states import AccountCode, KycLevel, TransferFlag, WalletStatus

CLOSING = "wallet_closing"


def open_wallet(*, actor: Actor, customer_id: str, currency: str, kyc_level: int = KycLevel.MINIMAL) -> Wallet:
    """Open a customer's wallet in a currency, empty, with the limits of the level at which the holder is known.

    :raises NotFound: when the actor sees no such customer.
    :raises WrongState: when the customer was erased.
    :raises UnknownCurrency: for a currency that cannot be paid in.
    :raises WalletExists: when the customer has an open wallet in it.
    """
    actor.require("wallets:write")
    customer: Customer = Customer.objects.visible_to(actor).named(customer_id)
    if customer.erased_at is not None:
        raise WrongState("This customer was erased", hint="Create a new customer.")
    known_currency(currency)
    # The merchant's own accounts in this currency are where the wallet's money will come from and go to.
    chart_accounts(merchant_id=customer.merchant_id, livemode=customer.livemode, currency=currency)
    try:
        with transaction.atomic(durable=True):
            return _open(actor, customer, currency, kyc_level)
    except IntegrityError as error:
        if "wallet_one_open" not in str(error):
            raise
        raise _exists(customer, currency) from None


def _open(actor: Actor, customer: Customer, currency: str, kyc_level: int) -> Wallet:
    now = clock.now()
    key = ids.new_key(now)
    account = open_account(
        merchant_id=customer.merchant_id,
        livemode=customer.livemode,
        currency=currency,
        code=AccountCode.CUSTOMER_WALLET,
        owner_id=key,
        at=now,
    )
    wallet = Wallet(
        id=key,
        merchant_id=customer.merchant_id,
        livemode=customer.livemode,
        created_at=now,
        updated_at=now,
        customer=customer,
        currency=currency,
        account=account,
        kyc_level=kyc_level,
    )
    wallet.save(force_insert=True)
    changes = {"status": [None, str(wallet.status)]}
    events.emit("wallet.created", subject=wallet, actor=actor, data=wallet.public(), changes=changes)
    return wallet


def _exists(customer: Customer, currency: str) -> WalletExists:
    other = Wallet.objects.filter(customer=customer, currency=currency).exclude(status=WalletStatus.CLOSED).first()
    named = {"wallet": other.public_id} if other else {}
    return WalletExists(f"This customer has an open wallet in {currency}", **named)


def freeze_wallet(*, actor: Actor, wallet_id: str) -> Wallet:
    """Stop money from leaving and entering a wallet; its holds can still be released.

    :raises NotFound: when the actor sees no such wallet.
    :raises WrongState: unless it is active.
    """
    return _move(actor, wallet_id, WalletStatus.FROZEN, "wallet.frozen")


def unfreeze_wallet(*, actor: Actor, wallet_id: str) -> Wallet:
    """Let money move again.

    :raises NotFound: when the actor sees no such wallet.
    :raises WrongState: unless it is frozen.
    """
    return _move(actor, wallet_id, WalletStatus.ACTIVE, "wallet.unfrozen")


def close_wallet(*, actor: Actor, wallet_id: str) -> Wallet:
    """Close an active wallet that holds nothing, and its ledger account with it, for ever.

    :raises NotFound: when the actor sees no such wallet.
    :raises WrongState: unless it is active.
    :raises WalletNotEmpty: while it has a balance or open holds.
    """
    return _move(actor, wallet_id, WalletStatus.CLOSED, "wallet.closed", also=_close_account)


def _move(
    actor: Actor, wallet_id: str, status: WalletStatus, event: str, also: Callable[[Wallet], None] | None = None
) -> Wallet:
    actor.require("wallets:write")
    with transaction.atomic(durable=True):
        wallet = lock_wallet(actor=actor, wallet_id=wallet_id)
        was = str(wallet.status)
        wallet.move_to(status)
        if also is not None:
            also(wallet)
        wallet.updated_at = clock.now()
        wallet.save(update_fields=["status", "updated_at"])
        tell(event, wallet, actor=actor, changes={"status": [was, str(status)]})
    return wallet


def tell(event: str, wallet: Wallet, *, actor: Actor, changes: dict[str, list[Any]]) -> None:
    """Emit what happened to a locked wallet."""
    events.emit(event, subject=wallet, actor=actor, data=wallet.public(), changes=changes)


def _close_account(wallet: Wallet) -> None:
    now = clock.now()
    balance = balance_of(wallet.account_id)
    if balance.posted or balance.debits_pending or balance.credits_pending:
        raise WalletNotEmpty(
            "This wallet is not empty",
            wallet=wallet.public_id,
            balance=balance.posted,
            held=balance.debits_pending,
            arriving=balance.credits_pending,
            currency=wallet.currency,
        )
    chart = chart_accounts(merchant_id=wallet.merchant_id, livemode=wallet.livemode, currency=wallet.currency)
    # The ledger closes an account by a hold of nothing, which lasts as long as the account is closed.
    closing = NewTransfer(
        id=ids.new_key(now),
        debit_account=wallet.account_id,
        credit_account=chart.suspense,
        kind=CLOSING,
        reference=wallet.public_id,
        flags=TransferFlag.CLOSING_DEBIT,
    )
    post_transfers(transfers=[pending(closing)], at=now)
    # Money that came in between our look and the ledger's lock would be shut in.
    after = balance_of(wallet.account_id)
    if after.posted or after.debits_pending or after.credits_pending:
        raise WalletNotEmpty("Money just came into this wallet", wallet=wallet.public_id, balance=after.posted)
