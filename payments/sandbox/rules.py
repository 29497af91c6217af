"""What the sandbox acquirer refuses whoever asks: its own rules, apart from any test token."""

from payments.sandbox.declines import DECLINES
from payments.sandbox.destinations import DESTINATIONS
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.messages import Refused
from payments.sandbox.objects import Account, Charge, ChargeStatus, PayoutStatus, RefundStatus
from payments.sandbox.tokens import TOKENS, Verdict


def check(account: Account, entry: Entry) -> None:
    """Refuse an entry that breaks a rule.

    :raises Refused: 404 for an unknown charge, 409 for a taken id, 422 for everything the state or amount forbids.
    """
    if entry.op is Operation.RESET:
        return
    _require(not entry.decline or entry.decline in DECLINES, "unknown_reason", f"{entry.decline!r} is no decline")
    if entry.op is Operation.CHARGE:
        _require(entry.amount > 0, "invalid_amount", "A charge is above zero")
        usable = entry.token in TOKENS or entry.verdict is Verdict.DECLINED
        _require(usable, "unknown_token", f"The token {entry.token!r} is unknown")
        if entry.id in account.by_id:
            raise Refused(409, "id_taken", f"The id {entry.id!r} is taken")
        return
    if entry.op is Operation.PAYOUT:
        _check_payout(account, entry)
        return
    if entry.op is Operation.SETTLE and entry.id:
        refund, payout = account.refunds.get(entry.id), account.payouts.get(entry.id)
        pending = refund is not None and refund.status is RefundStatus.PENDING
        pending = pending or (payout is not None and payout.status is PayoutStatus.PENDING)
        _require(pending, "wrong_state", "The refund or payout is not pending")
        return
    _check_change(account, account.charge(entry.charge), entry)


def _check_payout(account: Account, entry: Entry) -> None:
    _require(entry.amount > 0, "invalid_amount", "A payout is above zero")
    _require(entry.verdict is not Verdict.ACTION, "wrong_state", "A payout asks nobody")
    usable = entry.token in DESTINATIONS or entry.verdict is Verdict.DECLINED
    _require(usable, "unknown_destination", f"The destination {entry.token!r} is unknown")
    if entry.id in account.payouts:
        raise Refused(409, "id_taken", f"The id {entry.id!r} is taken")


def _check_change(account: Account, charge: Charge, entry: Entry) -> None:
    if entry.op is Operation.CAPTURE:
        _require(charge.capturable > 0, "wrong_state", f"The charge is {charge.status}; nothing can be captured")
        allowed = 0 < entry.amount <= charge.capturable
        _require(allowed, "amount_exceeds_authorized", f"Only {charge.capturable} can still be captured")
    elif entry.op is Operation.VOID:
        _require(charge.captured == 0, "already_captured", "Money was captured; refund it instead")
        voidable = (ChargeStatus.AUTHORIZED, ChargeStatus.PENDING, ChargeStatus.REQUIRES_ACTION)
        _require(charge.status in voidable, "wrong_state", f"The charge is {charge.status}")
    elif entry.op is Operation.REFUND:
        if entry.id in account.refunds:
            raise Refused(409, "id_taken", f"The id {entry.id!r} is taken")
        _require(entry.verdict is not Verdict.ACTION, "wrong_state", "A refund asks nobody")
        _require(charge.captured > 0, "wrong_state", f"The charge is {charge.status}; there is nothing to refund")
        allowed = 0 < entry.amount <= charge.refundable
        _require(allowed, "amount_exceeds_captured", f"Only {charge.refundable} can still be refunded")
    elif entry.op is Operation.AUTHENTICATE:
        waiting = charge.status is ChargeStatus.REQUIRES_ACTION
        _require(waiting, "wrong_state", f"The charge is {charge.status}; nothing is to be authenticated")
    else:
        waiting = charge.status in (ChargeStatus.PENDING, ChargeStatus.REQUIRES_ACTION)
        _require(waiting, "wrong_state", f"The charge is {charge.status}; nothing is to be settled")


def _require(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise Refused(422, code, message)
