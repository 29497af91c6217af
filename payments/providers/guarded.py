"""The base of all connectors that talk to a provider: no call is made while a database transaction is open."""

from abc import ABC, abstractmethod
from typing import ClassVar

from django.db import connections

from payments.providers.base import (
    AccountConfig,
    Capabilities,
    CaptureRequest,
    ChangeResult,
    ChargeRequest,
    ChargeResult,
    PaymentLookup,
    PaymentState,
    PayoutState,
    RefundLookup,
    RefundRequest,
    RefundState,
    TokenResult,
    VoidRequest,
)
from payments.providers.payouts import PayoutLookup, PayoutRequest


class ProviderCallInTransaction(RuntimeError):
    """A provider would be called while rows are locked, for as long as the provider likes."""


class MissingCredential(ValueError):
    """The provider account lacks a credential that its connector needs."""


def refuse_in_transaction() -> None:
    """Refuse to go on while this thread has a transaction open on any database.

    The transactions that Django's test cases wrap around a test do not count, as with ``atomic(durable=True)``.

    :raises ProviderCallInTransaction: naming the database.
    """
    for connection in connections.all(initialized_only=True):
        own = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
        # Without autocommit, and outside of any block, the first query has opened a transaction that nobody ended.
        manual = connection.connection is not None and not connection.autocommit and not connection.atomic_blocks
        if own or manual:
            raise ProviderCallInTransaction(f"A provider call inside a transaction on {connection.alias!r}")


class GuardedConnector(ABC):
    """Each operation of the contract refuses to run inside a transaction, then does what the connector defines."""

    name: ClassVar[str]

    def __init__(self, config: AccountConfig) -> None:
        self.config = config

    def credential(self, name: str) -> str:
        """Give one credential of the account.

        :raises MissingCredential: when it is missing or empty.
        """
        value = self.config.credentials.get(name, "")
        if not value:
            raise MissingCredential(f"The {self.name} account has no {name}")
        return value

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Tell what the provider can do, without asking it."""

    def authorize(self, request: ChargeRequest) -> ChargeResult:
        """Authorise an amount, and capture it when the request says so."""
        refuse_in_transaction()
        return self._authorize(request)

    def capture(self, request: CaptureRequest) -> ChangeResult:
        """Capture a part or all of an authorised amount."""
        refuse_in_transaction()
        return self._capture(request)

    def void(self, request: VoidRequest) -> ChangeResult:
        """Release an authorisation."""
        refuse_in_transaction()
        return self._void(request)

    def refund(self, request: RefundRequest) -> ChangeResult:
        """Give back captured money."""
        refuse_in_transaction()
        return self._refund(request)

    def payout(self, request: PayoutRequest) -> ChangeResult:
        """Pay money out to a destination."""
        refuse_in_transaction()
        return self._payout(request)

    def sync_payment(self, lookup: PaymentLookup) -> PaymentState:
        """Ask what became of a charge."""
        refuse_in_transaction()
        return self._sync_payment(lookup)

    def sync_refund(self, lookup: RefundLookup) -> RefundState:
        """Ask what became of a refund."""
        refuse_in_transaction()
        return self._sync_refund(lookup)

    def sync_payout(self, lookup: PayoutLookup) -> PayoutState:
        """Ask what became of a payout."""
        refuse_in_transaction()
        return self._sync_payout(lookup)

    def describe_token(self, token: str) -> TokenResult:
        """Ask what a token stands for."""
        refuse_in_transaction()
        return self._describe_token(token)

    @abstractmethod
    def _authorize(self, request: ChargeRequest) -> ChargeResult: ...

    @abstractmethod
    def _capture(self, request: CaptureRequest) -> ChangeResult: ...

    @abstractmethod
    def _void(self, request: VoidRequest) -> ChangeResult: ...

    @abstractmethod
    def _refund(self, request: RefundRequest) -> ChangeResult: ...

    @abstractmethod
    def _payout(self, request: PayoutRequest) -> ChangeResult: ...

    @abstractmethod
    def _sync_payment(self, lookup: PaymentLookup) -> PaymentState: ...

    @abstractmethod
    def _sync_refund(self, lookup: RefundLookup) -> RefundState: ...

    @abstractmethod
    def _sync_payout(self, lookup: PayoutLookup) -> PayoutState: ...

    @abstractmethod
    def _describe_token(self, token: str) -> TokenResult: ...
