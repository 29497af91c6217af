"""The connector of the sandbox acquirer."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from payments.providers import sandbox_answers as answers
from payments.providers.base import (
    AccountConfig,
    Capabilities,
    CaptureRequest,
    ChangeResult,
    ChargeRequest,
    ChargeResult,
    MethodCapability,
    PaymentLookup,
    PaymentState,
    PayoutState,
    RefundLookup,
    RefundRequest,
    RefundState,
    TokenResult,
    VoidRequest,
)
from payments.providers.exchange import Sent, exchange
from payments.providers.guarded import GuardedConnector
from payments.providers.http import HttpTransport, Transport
from payments.providers.payouts import PayoutLookup, PayoutRequest

_RUPEES = frozenset({"INR"})
_CAPABILITIES = Capabilities(
    methods={
        "card": MethodCapability(manual_capture=True, multiple_captures=True, partial_refund=True, challenge=True),
        "upi": MethodCapability(currencies=_RUPEES, partial_refund=True, challenge=True),
        "netbanking": MethodCapability(currencies=_RUPEES, partial_refund=True, challenge=True),
        "wallet": MethodCapability(partial_refund=True, challenge=True),
    },
    payouts=True,
)


class SandboxConnector(GuardedConnector):
    """Speak to the sandbox acquirer; the account needs the credential ``secret_key``."""

    name: ClassVar[str] = "sandbox"

    def __init__(self, config: AccountConfig, transport: Transport | None = None) -> None:
        """Connect by HTTP, or by a transport of the caller's, such as an acquirer in the same process.

        :raises MissingCredential: without a secret key.
        """
        super().__init__(config)
        self._secret_key = self.credential("secret_key")
        self._transport = transport or HttpTransport(
            config.base_url, connect_seconds=config.connect_seconds, read_seconds=config.read_seconds
        )

    def capabilities(self) -> Capabilities:
        """Tell what the acquirer can do."""
        return _CAPABILITIES

    def _authorize(self, request: ChargeRequest) -> ChargeResult:
        body = {
            "reference": request.reference,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "method": request.method,
            "token": request.token,
            "capture": request.capture,
            "challenge": request.challenge,
        }
        optional = {
            "customer": request.customer_reference,
            "description": request.description,
            "metadata": dict(request.metadata),
            "return_url": request.return_url,
        }
        body |= {name: value for name, value in optional.items() if value}
        return answers.charge_result(self._post("/v1/charges", request.idempotency_key, body), request.reference)

    def _capture(self, request: CaptureRequest) -> ChangeResult:
        path = f"/v1/charges/{quote(request.provider_id, safe='')}/capture"
        sent = self._post(path, request.idempotency_key, {"amount": request.amount.minor})
        return answers.capture_result(sent, request.provider_id)

    def _void(self, request: VoidRequest) -> ChangeResult:
        path = f"/v1/charges/{quote(request.provider_id, safe='')}/void"
        return answers.void_result(self._post(path, request.idempotency_key, {}), request.provider_id)

    def _refund(self, request: RefundRequest) -> ChangeResult:
        path = f"/v1/charges/{quote(request.provider_id, safe='')}/refund"
        body = {"amount": request.amount.minor, "reference": request.reference}
        if request.reason:
            body["reason"] = request.reason
        return answers.refund_result(self._post(path, request.idempotency_key, body), request.reference)

    def _payout(self, request: PayoutRequest) -> ChangeResult:
        body: dict[str, Any] = {
            "reference": request.reference,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "destination": request.destination,
        }
        if request.description:
            body["description"] = request.description
        return answers.payout_result(self._post("/v1/payouts", request.idempotency_key, body), request.reference)

    def _sync_payment(self, lookup: PaymentLookup) -> PaymentState:
        if lookup.provider_id:
            sent = self._get(f"/v1/charges/{quote(lookup.provider_id, safe='')}")
            return answers.payment_by_id(sent, lookup.reference)
        sent = self._get(f"/v1/charges?reference={quote(lookup.reference, safe='')}")
        return answers.payment_by_reference(sent, lookup.reference)

    def _sync_refund(self, lookup: RefundLookup) -> RefundState:
        sent = self._get(f"/v1/refunds?reference={quote(lookup.reference, safe='')}")
        return answers.refund_by_reference(sent, lookup.reference)

    def _sync_payout(self, lookup: PayoutLookup) -> PayoutState:
        sent = self._get(f"/v1/payouts?reference={quote(lookup.reference, safe='')}")
        return answers.payout_by_reference(sent, lookup.reference)

    def _describe_token(self, token: str) -> TokenResult:
        return answers.token_description(self._get(f"/v1/tokens/{quote(token, safe='')}"))

    def _post(self, path: str, idempotency_key: str, body: Mapping[str, Any]) -> Sent:
        headers = {"Authorization": f"Bearer {self._secret_key}", "Idempotency-Key": idempotency_key}
        return exchange(self._transport, "POST", path, headers=headers, body=body)

    def _get(self, path: str) -> Sent:
        return exchange(self._transport, "GET", path, headers={"Authorization": f"Bearer {self._secret_key}"})
