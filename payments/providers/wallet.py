"""The connector of customers' own wallets: no wire, since the closing transaction itself moves the money.

It agrees to everything; whether the wallet may pay is decided under its lock, by ``payments.services.own_wallet``.
"""

from typing import ClassVar

from payments.providers.base import (
    Capabilities,
    CaptureRequest,
    ChangeResult,
    ChargeRequest,
    ChargeResult,
    Declined,
    MethodCapability,
    NotKnown,
    PaymentLookup,
    PaymentState,
    PayoutState,
    RefundLookup,
    RefundRequest,
    RefundState,
    Success,
    TokenResult,
    VoidRequest,
)
from payments.providers.guarded import GuardedConnector
from payments.providers.payouts import PayoutLookup, PayoutRequest
from payments.providers.taxonomy import DeclineCode
from rupai.core.money import Money

_CAPABILITIES = Capabilities(methods={"wallet": MethodCapability(manual_capture=True, partial_refund=True)})


class WalletConnector(GuardedConnector):
    """What happens to a wallet happens in our own transactions, so nothing outside of them is ever known."""

    name: ClassVar[str] = "wallet"

    def capabilities(self) -> Capabilities:
        """Tell what a wallet can pay."""
        return _CAPABILITIES

    def _authorize(self, request: ChargeRequest) -> ChargeResult:
        return Success(provider_id=request.reference, amount=request.amount, captured=request.capture)

    def _capture(self, request: CaptureRequest) -> ChangeResult:
        return Success(provider_id=request.provider_id, amount=request.amount)

    def _void(self, request: VoidRequest) -> ChangeResult:
        # The hold knows its amount; an amount of nothing says that none is told here.
        return Success(provider_id=request.provider_id, amount=Money(0, "INR"))

    def _refund(self, request: RefundRequest) -> ChangeResult:
        return Success(provider_id=request.reference, amount=request.amount)

    def _payout(self, request: PayoutRequest) -> ChangeResult:
        return Declined(code=DeclineCode.OPERATION_NOT_ALLOWED)

    def _sync_payment(self, lookup: PaymentLookup) -> PaymentState:
        return NotKnown()

    def _sync_refund(self, lookup: RefundLookup) -> RefundState:
        return NotKnown()

    def _sync_payout(self, lookup: PayoutLookup) -> PayoutState:
        return NotKnown()

    def _describe_token(self, token: str) -> TokenResult:
        return NotKnown()
