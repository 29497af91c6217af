"""The sandbox acquirer without sockets: decides, applies the rules, keeps the journal, answers."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from payments.sandbox.book import Book
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.journal import Journal
from payments.sandbox.messages import Answer, Refused
from payments.sandbox.objects import Account, Charge, Payout, Reply
from payments.sandbox.outcomes import OUTAGE_DELIVERY, Outcome, OutcomeModel, decide, decide_later, decide_payout
from payments.sandbox.rules import check
from payments.sandbox.tokens import Delivery, Verdict


class Acquirer:
    """One acquirer with its book; `now` gives the time in UTC, `model` holds for accounts without one of their own.

    `drawn_by` turns a reference into what the draws of its outcome hang on: the reference itself, unless a caller whose
    references differ from run to run wants the same outcomes all the same.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        now: Callable[[], datetime],
        model: OutcomeModel | None = None,
        drawn_by: Callable[[str], str] = str,
    ) -> None:
        self.book = Book()
        self.default_model = model or OutcomeModel()
        self.models: dict[str, OutcomeModel] = {}
        self._journal = journal
        self._now = now
        self._drawn_by = drawn_by

    def restore(self, entries: Iterable[Entry]) -> int:
        """Book entries that are in the journal already and tell how many there were."""
        count = 0
        for entry in entries:
            self.book.apply(entry)
            count += 1
        return count

    def model(self, account: str) -> OutcomeModel:
        """Tell how the acquirer behaves towards an account."""
        return self.models.get(account, self.default_model)

    def record(self, entry: Entry) -> Reply:
        """Check an entry against the rules, write it to the journal, then book it.

        :raises Refused: when a rule forbids it; nothing is booked then.
        """
        check(self.book.account(entry.account), entry)
        self._journal.append(entry)
        return self.book.apply(entry)

    def blank(self, operation: Operation, account: str, *, key: str = "", fingerprint: str = "") -> Entry:
        """Begin an entry at the present moment."""
        at = self._now().isoformat(timespec="milliseconds")
        return Entry(op=operation, account=account, at=at, key=key, fingerprint=fingerprint)

    def kept(self, account: str, *, key: str, fingerprint: str) -> Answer | None:
        """Give the answer kept under an idempotency key, or nothing when the key is new.

        :raises Refused: 409 when the key was used for something else.
        """
        reply = self.book.account(account).replies.get(key)
        if reply is None:
            return None
        if reply.fingerprint != fingerprint:
            raise Refused(409, "idempotency_key_reused", "This Idempotency-Key was used for another request")
        return Answer(reply.status, reply.body, headers=(("Idempotent-Replayed", "true"),))

    def charge(self, entry: Entry, *, challenge: bool) -> Answer:
        """Make a charge; `entry` carries the request, `challenge` forces the payer's authentication."""
        model = self.model(entry.account)
        outcome = decide(
            token=entry.token,
            amount=entry.amount,
            currency=entry.currency,
            reference=self._drawn_by(entry.reference),
            capture=entry.capture,
            challenge=challenge,
            model=model,
        )
        declined = outcome.verdict is Verdict.DECLINED
        entry = replace(
            entry,
            id=_new_id("ch"),
            amount=entry.amount if declined else outcome.booked,
            capture=outcome.capture,
            verdict=outcome.verdict,
            decline=outcome.decline,
            due=self._due(outcome, model),
            challenge=outcome.challenge or "",
            secret=_new_id("3ds") if outcome.challenge else "",
        )
        return self._deliver(entry, outcome, model)

    def change(self, entry: Entry) -> Answer:
        """Capture, void or refund; `entry` names the charge and the amount in minor units."""
        account = self.book.account(entry.account)
        charge = self.due_charge(account, entry.account, entry.charge)
        model = self.model(entry.account)
        reference = self._drawn_by(f"{charge.id}:{entry.key}")
        outcome = decide_later(token=charge.token, operation=entry.op, reference=reference, model=model)
        prefix = {Operation.CAPTURE: "cap", Operation.REFUND: "re"}.get(entry.op)
        entry = replace(
            entry,
            id=_new_id(prefix) if prefix else "",
            verdict=outcome.verdict,
            decline=outcome.decline,
            due=self._due(outcome, model),
        )
        check(account, entry)
        return self._deliver(entry, outcome, model)

    def payout(self, entry: Entry) -> Answer:
        """Pay money out; `entry` names the destination and the amount in minor units."""
        model = self.model(entry.account)
        reference = self._drawn_by(entry.reference)
        outcome = decide_payout(destination=entry.token, reference=reference, model=model)
        entry = replace(
            entry,
            id=_new_id("out"),
            verdict=outcome.verdict,
            decline=outcome.decline,
            due=self._due(outcome, model),
        )
        check(self.book.account(entry.account), entry)
        return self._deliver(entry, outcome, model)

    def outage(self, account: str) -> Answer | None:
        """Fail as the account's outage says, or give nothing when there is none."""
        model = self.model(account)
        delivery = OUTAGE_DELIVERY.get(model.outage)
        return None if delivery is None else Answer(500, _FAILED, delivery=delivery, wait_ms=_wait(delivery, model))

    def authenticate(self, account: str, charge_id: str, *, approved: bool) -> Reply:
        """Complete the payer's authentication of a challenged charge.

        :raises Refused: when the charge is unknown or waits for nobody.
        """
        self.due_charge(self.book.account(account), account, charge_id)
        entry = replace(self.blank(Operation.AUTHENTICATE, account), charge=charge_id)
        if not approved:
            entry = replace(entry, verdict=Verdict.DECLINED, decline="authentication_failed")
        return self.record(entry)

    def due_charge(self, account: Account, name: str, charge_id: str) -> Charge:
        """Look up a charge, first ending it when its time has come.

        :raises Refused: 404 when the account has none of that id.
        """
        charge = account.charge(charge_id)
        if charge.due and charge.due <= self._milliseconds():
            self.record(replace(self.blank(Operation.SETTLE, name), charge=charge.id))
        return charge

    def settle_refunds(self, account: Account, name: str, reference: str) -> None:
        """End the pending refunds of a reference whose time has come."""
        for refund in account.refunds_by_reference.get(reference, ()):
            if refund.due and refund.due <= self._milliseconds():
                self.record(replace(self.blank(Operation.SETTLE, name), id=refund.id))

    def due_payout(self, account: Account, name: str, payout_id: str) -> Payout:
        """Look up a payout, first ending it when its time has come.

        :raises Refused: 404 when the account has none of that id.
        """
        payout = account.payout(payout_id)
        if payout.due and payout.due <= self._milliseconds():
            self.record(replace(self.blank(Operation.SETTLE, name), id=payout.id))
        return payout

    def _deliver(self, entry: Entry, outcome: Outcome, model: OutcomeModel) -> Answer:
        wait = _wait(outcome.delivery, model) or outcome.delay_ms
        if not outcome.delivery.books:
            return Answer(500, _FAILED, delivery=outcome.delivery, wait_ms=wait)
        reply = self.record(entry)
        if outcome.delivery is Delivery.ERROR_AFTER:
            return Answer(500, _FAILED, delivery=outcome.delivery, wait_ms=wait)
        return Answer(reply.status, reply.body, delivery=outcome.delivery, wait_ms=wait)

    def _due(self, outcome: Outcome, model: OutcomeModel) -> int:
        waits = {Verdict.PENDING: model.pending_ms, Verdict.ACTION: model.action_ms}
        return self._milliseconds() + waits[outcome.verdict] if outcome.verdict in waits else 0

    def _milliseconds(self) -> int:
        return int(self._now().timestamp() * 1000)


_FAILED = b'{"error":{"code":"internal_error","message":"The sandbox was told to fail here"}}'


def fingerprint(path: str, body: bytes) -> str:
    """Condense what an idempotency key was used for."""
    return blake2b(path.encode() + b"\n" + body, digest_size=12).hexdigest()


def _wait(delivery: Delivery, model: OutcomeModel) -> int:
    return model.hold_ms if delivery in (Delivery.HOLD_BEFORE, Delivery.HOLD_AFTER) else 0


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(11)}"
