"""The sandbox acquirer in this process, doing as the weather says; its journal is a file that survives us."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from payments.demo.weather import Weather
from payments.models import Attempt
from payments.providers import registry
from payments.providers.base import (
    AccountConfig,
    CaptureRequest,
    ChangeResult,
    ChargeRequest,
    ChargeResult,
    PaymentLookup,
    PaymentState,
    RefundRequest,
    Result,
    VoidRequest,
)
from payments.providers.http import RawAnswer
from payments.providers.sandbox import SandboxConnector
from payments.sandbox.acquirer import Acquirer
from payments.sandbox.api import account_of
from payments.sandbox.entries import Entry
from payments.sandbox.journal import FileJournal
from payments.sandbox.local import InProcess
from payments.sandbox.messages import Refused
from payments.sandbox.outcomes import Outage, OutcomeModel
from rupai.core import clock

R = TypeVar("R", bound=Result)
# No connector of ours waits longer for an answer.
LONGEST_WAIT_MS = 8_000


class Bank:
    """All simulated acquirers of one merchant. ``about`` says which payment the next calls are for.

    What a charge's outcome is drawn from is that name, since references differ from run to run.
    """

    def __init__(self, weather: Weather, *, state: Path, base_url: str) -> None:
        """Open the journal in ``state`` and book what it holds.

        :raises JournalInUse: when another process makes the same past.
        """
        self._weather = weather
        self._subject, self._method = "", "card"
        self._accounts: dict[str, tuple[str, str]] = {}
        self._connectors: dict[str, SandboxConnector] = {}
        self._journal = FileJournal(state)
        self.acquirer = Acquirer(journal=self._journal, now=clock.now, drawn_by=self._drawn_by)
        self.acquirer.book.base_url = base_url
        self.acquirer.restore(self._journal.replay())
        self.in_process = InProcess(self.acquirer)

    def add(self, secret_key: str, *, provider: str, name: str) -> None:
        """Say which acquirer and contract a secret key belongs to."""
        self._accounts[account_of(secret_key)] = (provider, name)

    def about(self, subject: str, method: str) -> None:
        """Say what the next calls are about."""
        self._subject, self._method = subject, method

    @contextmanager
    def connected(self) -> Iterator[None]:
        """While the block runs, the connectors of the simulated acquirers end here."""
        for name in registry.SANDBOXES:
            registry.register(name, self._connect)
        try:
            yield
        finally:
            for name in registry.SANDBOXES:
                registry.register(name, SandboxConnector)

    def answer_challenge(self, attempt: Attempt, secret_key: str, *, approved: bool) -> None:
        """Answer a challenge as the payer; one that waits for nobody any more stays as it is."""
        account = account_of(secret_key)
        for charge in self.acquirer.book.account(account).by_reference.get(attempt.reference, []):
            try:
                self.acquirer.authenticate(account, charge.id, approved=approved)
            except Refused as refused:
                if refused.code != "wrong_state":
                    raise

    def prepare(self, account: str, path: str) -> OutcomeModel:
        """Let an account behave as it does at this moment, and tell how; outages leave the vault of tokens alone."""
        model = self._weather.model(*self._accounts[account], self._method, clock.now())
        if path.startswith("/v1/tokens"):
            model = replace(model, outage=Outage.NONE)
        self.acquirer.models[account] = model
        return model

    def entries(self) -> list[Entry]:
        """Everything that is booked, oldest first."""
        return list(self._journal.replay())

    def close(self) -> None:
        self._journal.close()

    def _drawn_by(self, reference: str) -> str:
        # A payment's attempts are numbered; a charge's later operations are told apart by their kind.
        return f"{self._subject}/{reference.rpartition(':' if ':' in reference else '_')[2]}"

    def _connect(self, config: AccountConfig) -> SandboxConnector:
        key = config.credentials["secret_key"]
        found = self._connectors.get(key)
        if found is None:
            found = self._connectors[key] = TimedConnector(config, Line(self, account_of(key)))
        return found


class Line:
    """A connector's way to the acquirer, which notes how long the acquirer would have taken."""

    def __init__(self, bank: Bank, account: str) -> None:
        self._bank, self._account = bank, account
        self.waited_ms = 0

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> RawAnswer:
        """Send one request.

        :raises TimeoutError: where the acquirer would hold or drop the connection.
        """
        model = self._bank.prepare(self._account, path)
        self.waited_ms = min(model.hold_ms, LONGEST_WAIT_MS)
        answer = self._bank.in_process.send(method, path, headers=headers, body=body)
        self.waited_ms = min(answer.wait_ms or model.latency_ms, LONGEST_WAIT_MS)
        return answer


class TimedConnector(SandboxConnector):
    """The sandbox's connector over such a line: its milliseconds are the acquirer's, not this machine's."""

    def __init__(self, config: AccountConfig, line: Line) -> None:
        super().__init__(config, line)
        self._line = line

    def _authorize(self, request: ChargeRequest) -> ChargeResult:
        return self._timed(super()._authorize(request))

    def _capture(self, request: CaptureRequest) -> ChangeResult:
        return self._timed(super()._capture(request))

    def _void(self, request: VoidRequest) -> ChangeResult:
        return self._timed(super()._void(request))

    def _refund(self, request: RefundRequest) -> ChangeResult:
        return self._timed(super()._refund(request))

    def _sync_payment(self, lookup: PaymentLookup) -> PaymentState:
        return self._timed(super()._sync_payment(lookup))

    def _timed(self, result: R) -> R:
        changed: Any = replace(result, latency_ms=self._line.waited_ms)
        return changed  # type: ignore[no-any-return]
