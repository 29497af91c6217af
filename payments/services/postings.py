"""What payments write into the ledger; docs/architecture.md has the table of postings.

The keys of transfers are computed from the key of the capture or refund they stand for, so that posting twice is
noticed by the ledger itself.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection

from payments.models import Attempt, Capture, Payment, Payout, Refund
from rupai.core.money import Money
from wallets.models import Wallet
from wallets.services import ledger
from wallets.services.ledger import Chart, NewTransfer

# Beside the key of a capture, refund or payout.
_FEE, _POSTED, _VOIDED = 1, 1, 2


def prepare(payment: Payment) -> None:
    """Open the merchant's accounts in this currency before the first posting needs them."""
    _chart(payment)


def fee_of(payment: Payment, amount: int) -> int:
    """Our fee for a capture, in minor units, rounded once, half away from zero; a top-up costs nothing."""
    if payment.wallet_id is not None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT fee_basis_points FROM accounts_merchant WHERE id = %s", [payment.merchant_id])
        [points] = cursor.fetchone()
    return Money(amount, payment.currency).share(basis_points=points).minor


def post_capture(payment: Payment, capture: Capture, *, source: Wallet | None, at: datetime) -> None:
    """Post captured money to the merchant, and our fee from it, or neither; that of a top-up to its wallet.

    ``source`` is the wallet that pays; what was authorised from it before is held already.
    """
    chart = _chart(payment)
    if source is not None and not capture.attempt.capture:
        gross = ledger.post_pending(capture.attempt.pk, key=capture.pk, amount=capture.amount)
    else:
        payer = chart.provider_clearing if source is None else source.account_id
        gross = _transfer(payment, capture.pk, "capture", payer, _place(payment), capture.amount)
    if not capture.fee:
        ledger.post_transfers(transfers=[gross], at=at)
        return
    fee = _transfer(payment, _key(capture.pk, _FEE), "fee", chart.merchant_payable, chart.fee_revenue, capture.fee)
    ledger.post_transfers(transfers=[ledger.linked(gross), fee], at=at)


def hold_payment(payment: Payment, attempt: Attempt, wallet: Wallet, *, at: datetime) -> None:
    """Hold what was authorised from a wallet until it is captured or let go."""
    chart = _chart(payment)
    held = _transfer(payment, attempt.pk, "authorization", wallet.account_id, chart.merchant_payable, attempt.amount)
    ledger.post_transfers(transfers=[ledger.pending(held)], at=at)


def void_payment(attempt: Attempt, *, at: datetime) -> None:
    """Give back what was held in a wallet."""
    ledger.post_transfers(transfers=[ledger.void_pending(attempt.pk, key=_key(attempt.pk, _VOIDED))], at=at)


def hold_refund(payment: Payment, refund: Refund, *, into: Wallet | None, at: datetime) -> None:
    """Hold a refund's amount until its outcome is known; ``into`` is the wallet that paid."""
    chart = _chart(payment)
    payee = chart.provider_clearing if into is None else into.account_id
    held = _transfer(payment, refund.pk, "refund", _place(payment), payee, refund.amount)
    ledger.post_transfers(transfers=[ledger.pending(held)], at=at)


def post_refund(payment: Payment, refund: Refund, *, at: datetime) -> None:
    """Post a held refund."""
    ledger.post_transfers(transfers=[ledger.post_pending(refund.pk, key=_key(refund.pk, _POSTED))], at=at)


def void_refund(payment: Payment, refund: Refund, *, at: datetime) -> None:
    """Release a held refund."""
    ledger.post_transfers(transfers=[ledger.void_pending(refund.pk, key=_key(refund.pk, _VOIDED))], at=at)


def hold_payout(payout: Payout, wallet: Wallet, *, at: datetime) -> None:
    """Hold a payout's amount in its wallet until its outcome is known."""
    chart = _chart(payout)
    held = _transfer(payout, payout.pk, "payout", wallet.account_id, chart.provider_clearing, payout.amount)
    ledger.post_transfers(transfers=[ledger.pending(held)], at=at)


def post_payout(payout: Payout, *, at: datetime) -> None:
    """Post a held payout."""
    ledger.post_transfers(transfers=[ledger.post_pending(payout.pk, key=_key(payout.pk, _POSTED))], at=at)


def void_payout(payout: Payout, *, at: datetime) -> None:
    """Give a held payout back to its wallet."""
    ledger.post_transfers(transfers=[ledger.void_pending(payout.pk, key=_key(payout.pk, _VOIDED))], at=at)


def _place(payment: Payment) -> UUID:
    """The account that captured money is credited to, and that refunds take it from."""
    if payment.wallet is None:
        return _chart(payment).merchant_payable
    return _chart(payment).suspense if payment.stray else payment.wallet.account_id


def _chart(payment: Payment | Payout) -> Chart:
    return ledger.chart_accounts(merchant_id=payment.merchant_id, livemode=payment.livemode, currency=payment.currency)


def _key(key: UUID, number: int) -> UUID:
    """A second key beside a row's own: the same row always gives the same one, and it sorts next to it."""
    return UUID(int=key.int ^ number)


def _transfer(about: Payment | Payout, key: UUID, kind: str, debit: UUID, credit: UUID, amount: int) -> NewTransfer:
    return NewTransfer(
        id=key,
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        kind=kind,
        reference=about.public_id,
    )
