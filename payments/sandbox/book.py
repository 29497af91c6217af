"""The acquirer's book: books entries and keeps the answers to them for idempotent replay."""

from collections.abc import Callable

from payments.sandbox.entries import Entry, Operation
from payments.sandbox.messages import encode
from payments.sandbox.objects import Account, Charge, ChargeStatus, Payout, PayoutStatus, Refund, RefundStatus, Reply
from payments.sandbox.tokens import Verdict
from payments.sandbox.views import charge_view, payout_view, refund_view

_CHARGE_STATUS = {
    Verdict.APPROVED: ChargeStatus.AUTHORIZED,
    Verdict.DECLINED: ChargeStatus.DECLINED,
    Verdict.PENDING: ChargeStatus.PENDING,
    Verdict.ACTION: ChargeStatus.REQUIRES_ACTION,
}
_REFUND_STATUS = {
    Verdict.APPROVED: RefundStatus.SUCCEEDED,
    Verdict.DECLINED: RefundStatus.DECLINED,
    Verdict.PENDING: RefundStatus.PENDING,
}
_PAYOUT_STATUS = {
    Verdict.APPROVED: PayoutStatus.PAID,
    Verdict.DECLINED: PayoutStatus.DECLINED,
    Verdict.PENDING: PayoutStatus.PENDING,
}


class Book:
    """All accounts. `apply` decides nothing, so replaying the journal gives the same book and the same kept answers."""

    def __init__(self) -> None:
        self.base_url = ""
        self.accounts: dict[str, Account] = {}
        self.challenges: dict[str, tuple[str, str]] = {}
        self._apply: dict[Operation, Callable[[Account, Entry], Reply]] = {
            Operation.CHARGE: self._charge,
            Operation.CAPTURE: self._capture,
            Operation.VOID: self._void,
            Operation.REFUND: self._refund,
            Operation.PAYOUT: self._payout,
            Operation.AUTHENTICATE: self._authenticate,
            Operation.SETTLE: self._settle,
            Operation.RESET: self._reset,
        }

    def account(self, name: str) -> Account:
        """Look up an account; the first use opens it."""
        found = self.accounts.get(name)
        return found if found is not None else self.accounts.setdefault(name, Account())

    def apply(self, entry: Entry) -> Reply:
        """Book an entry that passed the rules and give the answer, which is kept when the entry has a key."""
        account = self.account(entry.account)
        reply = self._apply[entry.op](account, entry)
        if entry.key:
            account.replies[entry.key] = reply
        return reply

    def _charge(self, account: Account, entry: Entry) -> Reply:
        charge = Charge(
            id=entry.id,
            reference=entry.reference,
            amount=entry.amount,
            currency=entry.currency,
            token=entry.token,
            created=entry.at,
            status=_CHARGE_STATUS[entry.verdict],
            capture=entry.capture,
            decline=entry.decline,
            due=entry.due,
            challenge=entry.challenge,
            secret=entry.secret,
            return_url=entry.return_url,
            position=len(account.charges),
        )
        account.charges.append(charge)
        account.by_id[charge.id] = charge
        account.by_reference.setdefault(charge.reference, []).append(charge)
        if charge.secret:
            self.challenges[charge.secret] = (entry.account, charge.id)
        if charge.status is ChargeStatus.AUTHORIZED:
            charge.finish()
        return self._reply(charge, entry, status=402 if charge.status is ChargeStatus.DECLINED else 201)

    def _capture(self, account: Account, entry: Entry) -> Reply:
        charge = account.by_id[entry.charge]
        if entry.verdict is Verdict.DECLINED:
            body = encode(charge_view(charge, self.base_url, decline=entry.decline))
            return Reply(entry.fingerprint, 402, body)
        charge.take(entry.amount, capture_id=entry.id)
        return self._reply(charge, entry)

    def _void(self, account: Account, entry: Entry) -> Reply:
        charge = account.by_id[entry.charge]
        if entry.verdict is Verdict.DECLINED:
            body = encode(charge_view(charge, self.base_url, decline=entry.decline))
            return Reply(entry.fingerprint, 402, body)
        charge.status, charge.due = ChargeStatus.VOIDED, 0
        return self._reply(charge, entry)

    def _refund(self, account: Account, entry: Entry) -> Reply:
        charge = account.by_id[entry.charge]
        refund = Refund(
            id=entry.id,
            charge=charge.id,
            reference=entry.reference,
            amount=entry.amount,
            currency=charge.currency,
            created=entry.at,
            status=_REFUND_STATUS[entry.verdict],
            decline=entry.decline,
            due=entry.due,
        )
        account.refunds[refund.id] = refund
        account.refunds_by_reference.setdefault(refund.reference, []).append(refund)
        charge.refunded += refund.amount if refund.status is RefundStatus.SUCCEEDED else 0
        charge.refund_pending += refund.amount if refund.status is RefundStatus.PENDING else 0
        status = 402 if refund.status is RefundStatus.DECLINED else 201
        return Reply(entry.fingerprint, status, encode(refund_view(refund)))

    def _payout(self, account: Account, entry: Entry) -> Reply:
        payout = Payout(
            id=entry.id,
            reference=entry.reference,
            amount=entry.amount,
            currency=entry.currency,
            destination=entry.token,
            created=entry.at,
            status=_PAYOUT_STATUS[entry.verdict],
            decline=entry.decline,
            due=entry.due,
            position=len(account.payouts),
        )
        account.payouts[payout.id] = payout
        account.payouts_by_reference.setdefault(payout.reference, []).append(payout)
        status = 402 if payout.status is PayoutStatus.DECLINED else 201
        return Reply(entry.fingerprint, status, encode(payout_view(payout)))

    def _authenticate(self, account: Account, entry: Entry) -> Reply:
        charge = account.by_id[entry.charge]
        if entry.verdict is Verdict.DECLINED:
            charge.decline = entry.decline
        charge.finish()
        return self._reply(charge, entry)

    def _settle(self, account: Account, entry: Entry) -> Reply:
        if not entry.id:
            charge = account.by_id[entry.charge]
            if charge.status is ChargeStatus.REQUIRES_ACTION:
                charge.decline = "session_expired"
            charge.finish()
            return self._reply(charge, entry)
        if entry.id in account.payouts:
            payout = account.payouts[entry.id]
            payout.status, payout.due = PayoutStatus.DECLINED if payout.decline else PayoutStatus.PAID, 0
            return Reply(entry.fingerprint, 200, encode(payout_view(payout)))
        refund = account.refunds[entry.id]
        charge = account.by_id[refund.charge]
        refund.status, refund.due = RefundStatus.DECLINED if refund.decline else RefundStatus.SUCCEEDED, 0
        charge.refund_pending -= refund.amount
        charge.refunded += 0 if refund.decline else refund.amount
        return Reply(entry.fingerprint, 200, encode(refund_view(refund)))

    def _reset(self, _: Account, entry: Entry) -> Reply:
        self.accounts[entry.account] = Account()
        self.challenges = {secret: owner for secret, owner in self.challenges.items() if owner[0] != entry.account}
        return Reply(entry.fingerprint, 200, encode({"reset": True}))

    def _reply(self, charge: Charge, entry: Entry, *, status: int = 200) -> Reply:
        return Reply(entry.fingerprint, status, encode(charge_view(charge, self.base_url)))
