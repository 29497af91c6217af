"""Where captured money goes: to the merchant, or into the wallet that a top-up is for."""

from datetime import datetime

from payments.models import Attempt, Capture, Payment, TopUp
from payments.services import own_wallet, postings
from rupai.core import clock, events, locks
from rupai.core.actor import Actor
from wallets.models import Wallet
from wallets.states import WalletStatus


def choose_place(payment: Payment, *, late: bool = False) -> None:
    """Decide where a locked payment's captured money will go, before the caller saves the payment.

    A frozen wallet still takes a top-up that was begun before. A closed one cannot, and money that comes ``late``,
    after the payment ended, is not the wallet's: both go to suspense, from where the janitor gives them back.
    """
    if payment.wallet_id is None:
        return
    # Until this transaction ends, the wallet cannot be closed.
    wallet = locks.lock_key(Wallet, payment.wallet_id)
    assert wallet is not None
    payment.stray = late or wallet.status == WalletStatus.CLOSED


def book_authorization(payment: Payment, attempt: Attempt) -> None:
    """Hold what was authorised from a wallet of ours; what a provider holds is no matter of our books."""
    if own_wallet.pays(attempt):
        postings.hold_payment(payment, attempt, own_wallet.wallet_of(payment), at=clock.now())


def book_void(payment: Payment, attempt: Attempt) -> None:
    """Give back what was held in a wallet of ours."""
    if own_wallet.pays(attempt):
        postings.void_payment(attempt, at=clock.now())


def book_capture(payment: Payment, capture: Capture, *, actor: Actor, at: datetime) -> None:
    """Post a capture to the place that was chosen, and tell of a top-up that its wallet has the money."""
    if payment.wallet_id is not None and not payment.stray:
        top_up = TopUp(payment)
        changes = {"status": ["processing", top_up.status]}
        events.emit("top_up.posted", subject=top_up, actor=actor, data=top_up.public(), changes=changes)
    # Last, because the accounts it locks are shared with every other payment of the merchant.
    source = own_wallet.wallet_of(payment) if own_wallet.pays(capture.attempt) else None
    postings.post_capture(payment, capture, source=source, at=at)
