"""Payouts in the connector contract: money that leaves for a destination which the provider knows by a token."""

from dataclasses import dataclass

from rupai.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Ask to pay an amount out; `destination` is the provider's token of a bank account, `reference` our name of it.

    `idempotency_key` is stable for this payout: sent again, it pays nothing twice.
    """

    reference: str
    idempotency_key: str
    amount: Money
    destination: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutLookup:
    """Ask what became of a payout, by our reference."""

    reference: str
