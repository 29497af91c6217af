"""Paying from a customer's own wallet: decided and posted in the closing transaction, under the wallet's lock.

Nothing of it exists outside the database, so a crash before that transaction has moved nothing, and after it all.
"""

from payments.models import Attempt, Payment
from payments.providers.taxonomy import DeclineCode
from payments.providers.wallet import WalletConnector
from payments.services.outcomes import Outcome
from rupai.core import clock, locks
from rupai.core.errors import DomainError
from wallets.errors import InsufficientFunds, LimitExceeded, WalletClosed, WalletFrozen
from wallets.models import Wallet
from wallets.services.checks import check_active, check_leaving

_REFUSED = (InsufficientFunds, LimitExceeded, WalletClosed, WalletFrozen)
_CODES: dict[type[DomainError], DeclineCode] = {
    InsufficientFunds: DeclineCode.INSUFFICIENT_FUNDS,
    LimitExceeded: DeclineCode.VELOCITY_LIMIT_EXCEEDED,
    WalletClosed: DeclineCode.ACCOUNT_CLOSED_OR_INVALID,
    WalletFrozen: DeclineCode.OPERATION_NOT_ALLOWED,
}


def pays(attempt: Attempt) -> bool:
    """Whether an attempt is at a wallet of ours."""
    return attempt.provider == WalletConnector.name


def decide(payment: Payment, attempt: Attempt, outcome: Outcome) -> Outcome:
    """The outcome of an authorisation for locked rows: a wallet that may not pay so much now makes it a decline."""
    if not pays(attempt) or outcome.kind not in {"captured", "authorized"}:
        return outcome
    try:
        check_leaving(_locked(payment), amount=attempt.amount, at=clock.now())
    except _REFUSED as refused:
        code = _CODES[type(refused)]
        retryable = code != DeclineCode.ACCOUNT_CLOSED_OR_INVALID
        return Outcome("declined", code=str(code), message=refused.message, retryable=retryable)
    return outcome


def take_back(payment: Payment) -> None:
    """Refuse to give money back to a wallet that takes none, and keep it from being closed meanwhile.

    :raises WalletFrozen: or WalletClosed.
    """
    check_active(_locked(payment))


def seen(attempt: Attempt) -> Outcome | None:
    """What is known of an attempt whose closing transaction never came; None leaves the question to the connector.

    A capture or void that did not close has not happened, and the hold still stands.
    """
    if not pays(attempt) or attempt.operation == Attempt.Operation.AUTHORIZE:
        return None
    return Outcome("authorized", amount=attempt.amount, provider_id=attempt.provider_id)


def wallet_of(payment: Payment) -> Wallet:
    """The wallet that a payment is paid from."""
    method = payment.payment_method
    assert method is not None
    assert method.wallet is not None
    return method.wallet


def _locked(payment: Payment) -> Wallet:
    locked = locks.lock_key(Wallet, wallet_of(payment).pk)
    assert locked is not None
    return locked
