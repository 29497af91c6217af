"""The control API of the sandbox acquirer: sets the outcome model, settles, loads and forgets charges."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from payments.sandbox.acquirer import Acquirer
from payments.sandbox.declines import DECLINES
from payments.sandbox.entries import Entry, Operation
from payments.sandbox.fields import LINE, Fields
from payments.sandbox.messages import Answer, Refused, Request, encode
from payments.sandbox.objects import ChargeStatus, PayoutStatus, RefundStatus
from payments.sandbox.outcomes import WHOLE, Outage, OutcomeModel

_METHODS = ("card", "upi", "netbanking", "wallet")
# Operations without an id of their own: the charge's state tells that they were loaded before.
_ONCE = (Operation.VOID, Operation.AUTHENTICATE, Operation.SETTLE)
_LONGEST_MS = 3_600_000
_GREATEST = {"success_rate": WHOLE, "seed": 2**63 - 1}


def control(acquirer: Acquirer, account: str, request: Request) -> Answer:
    """Read or change how the acquirer behaves towards one account, or towards all that have no model of their own.

    :raises Refused: 400 on an unknown or invalid setting; then nothing is changed.
    """
    fields = Fields(request)
    settings, everyone = fields.mapping("model"), fields.flag("everyone", default=False)
    reset, settle = fields.flag("reset", default=False), fields.text("settle", LINE, default="")
    entries = [_entry(values, account) for values in fields.listing("import")]
    fields.finish()
    current = acquirer.default_model if everyone or reset else acquirer.model(account)
    model = changed(current, settings)
    if reset:
        acquirer.models.pop(account, None)
        acquirer.record(acquirer.blank(Operation.RESET, account))
    if settings and everyone:
        acquirer.default_model = model
    elif settings:
        acquirer.models[account] = model
    imported = sum(_import(acquirer, entry) for entry in entries)
    settled = _settle(acquirer, account, settle) if settle else 0
    shown = dataclasses.asdict(acquirer.model(account))
    return Answer(200, encode({"model": shown, "imported": imported, "settled": settled}))


def changed(model: OutcomeModel, settings: Mapping[str, Any]) -> OutcomeModel:
    """Give the model with some settings replaced.

    :raises Refused: 400 on an unknown setting or a value out of range.
    """
    names = {field.name for field in dataclasses.fields(OutcomeModel)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in names:
            raise _invalid(name, f"is no setting; there are {', '.join(sorted(names))}")
        if name == "outage":
            values[name] = _outage(value)
        elif name == "success_rate_by_method":
            values[name] = _numbers(name, value, keys=_METHODS, greatest=WHOLE)
        elif name == "decline_mix":
            values[name] = _numbers(name, value, keys=tuple(DECLINES), greatest=1_000_000)
            if not sum(values[name].values()):
                raise _invalid(name, "needs a weight above zero")
        else:
            values[name] = _number(name, value, greatest=_GREATEST.get(name, _LONGEST_MS))
    return replace(model, **values)


def _import(acquirer: Acquirer, entry: Entry) -> int:
    """Book an entry made elsewhere; one that was loaded before is passed over."""
    account = acquirer.book.account(entry.account)
    if entry.op is Operation.CHARGE and entry.id in account.by_id:
        return 0
    if entry.op is Operation.REFUND and entry.id in account.refunds:
        return 0
    if entry.op is Operation.PAYOUT and entry.id in account.payouts:
        return 0
    if entry.op is Operation.CAPTURE and entry.id in dict(account.charge(entry.charge).captures):
        return 0
    try:
        acquirer.record(entry)
    except Refused as refused:
        if entry.op in _ONCE and refused.code == "wrong_state":
            return 0
        raise
    return 1


def _settle(acquirer: Acquirer, account: str, reference: str) -> int:
    """End what is pending under a reference without waiting for its time."""
    owner = acquirer.book.account(account)
    charges = [charge for charge in owner.by_reference.get(reference, ()) if charge.status is ChargeStatus.PENDING]
    refunds = [r for r in owner.refunds_by_reference.get(reference, ()) if r.status is RefundStatus.PENDING]
    payouts = [p for p in owner.payouts_by_reference.get(reference, ()) if p.status is PayoutStatus.PENDING]
    for charge in charges:
        acquirer.record(replace(acquirer.blank(Operation.SETTLE, account), charge=charge.id))
    for made in [refund.id for refund in refunds] + [payout.id for payout in payouts]:
        acquirer.record(replace(acquirer.blank(Operation.SETTLE, account), id=made))
    return len(charges) + len(refunds) + len(payouts)


def _entry(values: Any, account: str) -> Entry:
    try:
        entry = Entry.read(values)
    except ValueError as error:
        raise Refused(400, "invalid_field", f"import: {error}") from error
    if entry.account != account or entry.op is Operation.RESET:
        raise Refused(400, "invalid_field", "import: only operations of the key's own account can be loaded")
    return entry


def _outage(value: Any) -> Outage:
    try:
        return Outage(value)
    except ValueError:
        raise _invalid("outage", f"must be one of {', '.join(Outage)}") from None


def _numbers(name: str, value: Any, *, keys: tuple[str, ...], greatest: int) -> dict[str, int]:
    if not isinstance(value, dict) or not value.keys() <= set(keys):
        raise _invalid(name, f"must be an object with keys among {', '.join(keys)}")
    return {key: _number(f"{name}.{key}", number, greatest=greatest) for key, number in value.items()}


def _number(name: str, value: Any, *, greatest: int) -> int:
    if type(value) is not int or not 0 <= value <= greatest:
        raise _invalid(name, f"must be a whole number from 0 to {greatest}")
    return value


def _invalid(name: str, problem: str) -> Refused:
    return Refused(400, "invalid_field", f"model: {name} {problem}")
