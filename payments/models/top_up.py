"""The top-up: a payment whose capture credits a wallet, under a name of its own."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from payments.models.payment import Payment
from payments.states import TERMINAL, PaymentState
from rupai.core import ids
from wallets.models import Wallet


@dataclass(frozen=True, slots=True)
class TopUp:
    """How a payment looks from the wallet that it credits. It has no row: its id is the payment's key."""

    prefix: ClassVar[str] = "top"

    payment: Payment

    @property
    def merchant_id(self) -> UUID:
        found: UUID = self.payment.merchant_id
        return found

    @property
    def livemode(self) -> bool:
        return bool(self.payment.livemode)

    @property
    def public_id(self) -> str:
        return ids.public_id(self.prefix, self.payment.pk)

    @property
    def status(self) -> str:
        """Posted once the wallet has the money, and for ever; failed when it will not get it."""
        payment = self.payment
        if payment.amount_captured and not payment.stray:
            return "posted"
        ended = payment.state in TERMINAL or payment.state == PaymentState.CONFLICTED
        return "failed" if ended else "processing"

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        payment = self.payment
        assert payment.wallet_id is not None
        shown: dict[str, Any] = {
            "top_up_id": self.public_id,
            "payment_id": payment.public_id,
            "wallet_id": ids.public_id(Wallet.prefix, payment.wallet_id),
            "status": self.status,
            "amount": payment.amount,
            "currency": payment.currency,
            "livemode": payment.livemode,
            "created_at": payment.created_at.isoformat(),
        }
        if payment.next_action and payment.status == PaymentState.REQUIRES_ACTION:
            shown["next_action"] = payment.next_action
        return shown
