"""What payments write into the ledger; docs/architecture.md has the table of postings.

The keys of transfers are computed from the key of the capture or refund they stand for, so that posting twice is
noticed by the ledger itself.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection

from payments.models import Capture, Payment, Refund
from wallets.services import ledger
from wallets.services.ledger import Chart, NewTransfer

_FEE, _REFUND_POSTED, _REFUND_VOIDED = 1, 1, 2


def prepare(payment: Payment) -> None:
    """Open the merchant's accounts in this currency before the first posting needs them."""
    _chart(payment)


def fee_of(payment: Payment, amount: int) -> int:
    """Our fee for a capture, in minor units, rounded once, half away from zero."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fee_basis_points FROM accounts_merchant WHERE id = %s", [payment.merchant_id])
        [points] = cursor.fetchone()
    return payment.money.__class__(amount, payment.currency).share(basis_points=points).minor


def post_capture(payment: Payment, capture: Capture, *, at: datetime) -> None:
    """Post captured money to the merchant, and our fee from it, or neither."""
    chart = _chart(payment)
    gross = _transfer(payment, capture.pk, "capture", chart.provider_clearing, chart.merchant_payable, capture.amount)
    if not capture.fee:
        ledger.post_transfers(transfers=[gross], at=at)
        return
    fee = _transfer(payment, _key(capture.pk, _FEE), "fee", chart.merchant_payable, chart.fee_revenue, capture.fee)
    ledger.post_transfers(transfers=[ledger.linked(gross), fee], at=at)


def hold_refund(payment: Payment, refund: Refund, *, at: datetime) -> None:
    """Hold a refund's amount until its outcome is known."""
    chart = _chart(payment)
    held = _transfer(payment, refund.pk, "refund", chart.merchant_payable, chart.provider_clearing, refund.amount)
    ledger.post_transfers(transfers=[ledger.pending(held)], at=at)


def post_refund(payment: Payment, refund: Refund, *, at: datetime) -> None:
    """Post a held refund."""
    ledger.post_transfers(transfers=[ledger.post_pending(refund.pk, key=_key(refund.pk, _REFUND_POSTED))], at=at)


def void_refund(payment: Payment, refund: Refund, *, at: datetime) -> None:
    """Release a held refund."""
    ledger.post_transfers(transfers=[ledger.void_pending(refund.pk, key=_key(refund.pk, _REFUND_VOIDED))], at=at)


def _chart(payment: Payment) -> Chart:
    return ledger.chart_accounts(merchant_id=payment.merchant_id, livemode=payment.livemode, currency=payment.currency)


def _key(key: UUID, number: int) -> UUID:
    """A second key beside a row's own: the same row always gives the same one, and it sorts next to it."""
    return UUID(int=key.int ^ number)


def _transfer(payment: Payment, key: UUID, kind: str, debit: UUID, credit: UUID, amount: int) -> NewTransfer:
    return NewTransfer(
        id=key,
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        kind=kind,
        reference=payment.public_id,
    )
