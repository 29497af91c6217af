"""What the sandbox acquirer books: one entry an operation, written to the journal as one JSON line."""

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from payments.sandbox.tokens import Verdict


class Operation(StrEnum):
    CHARGE = "charge"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"
    AUTHENTICATE = "authenticate"
    SETTLE = "settle"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booked operation with everything that was decided about it, so that replaying decides nothing anew.

    `id` is the object made (charge, capture, refund or payout), `charge` the charge acted on, `amount` minor units,
    `token` the instrument or, for a payout, its destination, `due` the moment in epoch milliseconds at which a pending
    or challenged object ends, `secret` the payer's way to the page. `key` and `fingerprint` keep the answer for
    idempotent replay.
    """

    op: Operation
    account: str
    at: str
    id: str = ""
    charge: str = ""
    reference: str = ""
    amount: int = 0
    currency: str = ""
    token: str = ""
    capture: bool = False
    verdict: Verdict = Verdict.APPROVED
    decline: str = ""
    due: int = 0
    challenge: str = ""
    secret: str = ""
    return_url: str = ""
    key: str = ""
    fingerprint: str = ""

    def line(self) -> bytes:
        """Write the entry as one JSON line; fields at their default are left out."""
        values = {name: value for name in _TYPES if (value := getattr(self, name)) != _DEFAULTS[name]}
        return json.dumps(values, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def read(cls, values: Any) -> Self:
        """Read an entry from parsed JSON.

        :raises ValueError: on an unknown field, a missing one, or a value of the wrong type.
        """
        if not isinstance(values, dict) or not {"op", "account", "at"} <= values.keys():
            raise ValueError("An entry is an object with op, account and at")
        for name, value in values.items():
            if type(value) is not _TYPES.get(name):
                raise ValueError(f"{name!r} is unknown or of the wrong type")
        verdict = Verdict(values.get("verdict", Verdict.APPROVED))
        return cls(**(values | {"op": Operation(values["op"]), "verdict": verdict}))


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Entry)}
_TYPES: dict[str, type] = {
    name: type(default) if type(default) in (bool, int) else str for name, default in _DEFAULTS.items()
}
