"""What happens in a loaded world: payments, their outcomes and refunds, as rows in the form of the services'."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bench.world_books import ACTOR, Books, Later, Log, Sheets, named, utc
from payments.models import (
    Attempt,
    Capture,
    History,
    Payment,
    PaymentMethod,
    ProviderAccount,
    Refund,
    RiskDecision,
    RouteDecision,
)
from payments.providers.base import Declined
from payments.providers.taxonomy import DeclineCode
from payments.services.authorization import AUTHORIZATION_LIVES
from rupai.accounts.models import Merchant
from rupai.core.money import Money
from wallets.services.accounts import Chart
from wallets.states import TransferFlag

DECLINES = [
    Declined(code=DeclineCode(code), provider_code=code)
    for code in ("insufficient_funds", "do_not_honor", "authentication_failed", "issuer_unavailable", "expired_card")
    if code in set(DeclineCode)
]
REFUNDED, FAILED, HELD = 0.07, 0.13, 0.04
DAY = 86_400.0


@dataclass(frozen=True)
class House:
    """A merchant with all that its payments need."""

    merchant: Merchant
    account: ProviderAccount
    methods: list[tuple[PaymentMethod, str, str]]
    chart: Chart
    candidates: str


@dataclass
class Taken:
    """A payment as it is told of in events."""

    house: House
    id: UUID
    public_id: str
    attempt: UUID
    amount: int
    method: PaymentMethod
    fixed: dict[str, Any]
    created_at: datetime
    order: str
    mode: str
    reference: str = ""
    failure: Declined | None = None

    def shown(self, status: str, *, at: datetime, captured: int = 0, refunded: int = 0) -> dict[str, Any]:
        """What ``Payment.public`` would show."""
        data = {
            "payment_id": self.public_id,
            "status": status,
            "amount": self.amount,
            "currency": self.house.merchant.currency,
            "amount_capturable": self.amount if status == "authorized" else 0,
            "amount_captured": captured,
            "amount_refunded": refunded,
            "method": self.method.type,
            "capture": self.mode,
            **self.fixed,
            "description": "",
            "order_id": self.order,
            "metadata": {},
            "livemode": False,
            "created_at": self.created_at.isoformat(),
            "updated_at": at.isoformat(),
            "provider": self.house.account.provider,
        }
        if self.reference:
            data["provider_reference"] = self.reference
        if status == "failed" and self.failure is not None:
            said = self.failure
            data["failure"] = {"code": str(said.code), "message": said.message, "retryable": said.retryable}
        return data


class Story:
    """Tells a world from its beginning to its end; the same seed tells the same."""

    def __init__(self, houses: list[House], sheets: Sheets, *, start: datetime, end: datetime) -> None:
        self.houses, self.sheets, self.start, self.end = houses, sheets, start, end
        self.chance: random.Random = sheets.chance
        self.log, self.books, self.later = Log(sheets), Books(sheets), Later()
        self.weights = [1 / (place + 1) for place in range(len(houses))]

    def moments(self, count: int) -> Iterator[datetime]:
        """Moments in order, denser in the middle of each day."""
        begin, span = self.start.timestamp(), (self.end - self.start).total_seconds() - DAY
        for number in range(count):
            place = begin + span * (number + self.chance.random()) / count
            yield utc(place + 0.6 * DAY * math.sin(2 * math.pi * place / DAY) / (2 * math.pi))

    def tell(self, count: int) -> Iterator[int]:
        """Tell of so many payments; gives the number told after each."""
        for number, at in enumerate(self.moments(count), start=1):
            self.later.until(at)
            self.payment(number, at)
            yield number
        self.later.until(self.end)

    def payment(self, number: int, at: datetime) -> None:
        """One payment with its outcome; a refund may follow."""
        chance = self.chance
        [house] = chance.choices(self.houses, self.weights)
        method, customer, token = chance.choice(house.methods)
        luck = chance.random()
        held = luck > 1 - HELD and at > self.end - timedelta(days=6) and method.type == "card"
        key = self.sheets.key(at)
        paid = Taken(
            house=house,
            id=key,
            public_id=named(Payment.prefix, key),
            attempt=self.sheets.key(at),
            amount=max(100, int(chance.lognormvariate(11, 1))),
            method=method,
            fixed={"customer_id": customer, "payment_method_token": token},
            created_at=at,
            order=f"order-{number}",
            mode="manual" if held else "automatic",
        )
        milliseconds = int(chance.lognormvariate(5.5, 0.5))
        done = at + timedelta(milliseconds=milliseconds)
        self._begin(paid, at)
        if luck < FAILED:
            paid.failure = chance.choice(DECLINES)
        paid.reference = f"ch_{chance.getrandbits(88):022x}"
        state = "failed" if paid.failure else "authorized" if held else "captured"
        back = self._back(paid, done) if state == "captured" else None
        self._end(paid, state, done, milliseconds, back)

    def _begin(self, paid: Taken, at: datetime) -> None:
        data = paid.shown("processing", at=at)
        event = self._tell(paid, "payment.created", data, [None, "processing"], at)
        self.sheets.add(History, paid.id, paid.attempt, "", "started", None, ACTOR, at)
        self.sheets.add(History, paid.id, None, "", "processing", event, ACTOR, at)
        inputs = {
            "amount": paid.amount,
            "currency": data["currency"],
            "payments_last_hour": 0,
            "failed_last_hour": 0,
            "listed": [],
        }
        key = self.sheets.key
        self.sheets.add(RiskDecision, key(at), paid.id, 0.0, "allow", [], inputs, "rules-1", at)
        self.sheets.add(
            RouteDecision, key(at), paid.id, paid.attempt, "static-1", paid.house.account.provider,
            paid.house.candidates, 1.0, "first of 1 eligible by priority", 0, at,
        )  # fmt: skip

    def _back(self, paid: Taken, done: datetime) -> tuple[int, datetime] | None:
        """How much of a captured payment is given back, and when."""
        luck = self.chance.random()
        when = done + timedelta(seconds=self.chance.uniform(60, 3 * DAY))
        if luck > REFUNDED or when >= self.end:
            return None
        amount = paid.amount if luck < 0.7 * REFUNDED else paid.amount // 2
        return amount, when

    def _end(self, paid: Taken, state: str, at: datetime, milliseconds: int, back: tuple[int, datetime] | None) -> None:
        captured = paid.amount if state == "captured" else 0
        tried = {"captured": "charged", "failed": "declined", "authorized": "authorized"}[state]
        event = self._tell(
            paid, f"payment.{state}", paid.shown(state, at=at, captured=captured), ["processing", state], at
        )
        self.sheets.add(History, paid.id, paid.attempt, "started", tried, None, ACTOR, at)
        self.sheets.add(History, paid.id, None, "processing", state, event, ACTOR, at)
        self._rows(paid, state, tried, at, milliseconds, back)
        if captured:
            self._capture(paid, at)
        if back is not None:
            amount, when = back
            self.later.at(when, lambda moment: self._refund(paid, amount, moment))

    def _rows(
        self, paid: Taken, state: str, tried: str, at: datetime, milliseconds: int, back: tuple[int, datetime] | None
    ) -> None:
        house, said = paid.house, paid.failure
        code, message = (str(said.code), said.message) if said else ("", "")
        captured = paid.amount if state == "captured" else 0
        authorized = 0 if said else paid.amount
        refunded, changed = (back[0], back[1]) if back else (0, at)
        expires = at + AUTHORIZATION_LIVES if state == "authorized" else None
        merchant, provider = house.merchant, house.account.provider
        self.sheets.add(
            Payment, paid.id, merchant.pk, False, paid.created_at, paid.method.customer_id, paid.method.pk,
            paid.method.type, paid.amount, merchant.currency, None, False, paid.mode, state, authorized, captured, 0,
            refunded, 0, tried, 1, provider, paid.reference, code, message, bool(said and said.retryable), None, "",
            paid.order, {}, None, ACTOR, changed, expires, None,
        )  # fmt: skip
        self.sheets.add(
            Attempt, paid.attempt, paid.id, 1, house.account.pk, provider, tried, "authorize", paid.amount,
            paid.mode == "automatic", False, f"{paid.public_id}_1", paid.reference, code, message,
            said.provider_code if said else "", {}, milliseconds, paid.created_at, at, None, 0,
        )  # fmt: skip

    def _capture(self, paid: Taken, at: datetime) -> None:
        key, merchant, chart = self.sheets.key(at), paid.house.merchant, paid.house.chart
        fee = Money(paid.amount, merchant.currency).share(basis_points=merchant.fee_basis_points).minor
        self.sheets.add(
            Capture, key, merchant.pk, False, at, paid.id, paid.attempt, paid.amount, fee, "succeeded", None, ACTOR, at
        )
        self._post(paid, key, chart.provider_clearing, chart.merchant_payable, paid.amount, "capture", at, linked=fee)
        if fee:
            self._post(paid, UUID(int=key.int ^ 1), chart.merchant_payable, chart.fee_revenue, fee, "fee", at)

    def _post(
        self,
        paid: Taken,
        key: UUID,
        debit: UUID,
        credit: UUID,
        amount: int,
        kind: str,
        at: datetime,
        *,
        linked: int = 0,
    ) -> None:
        flags = TransferFlag.LINKED if linked else TransferFlag(0)
        self.books.post(
            key, merchant=paid.house.merchant.pk, ledger=paid.house.chart.ledger, debit=debit, credit=credit,
            amount=amount, kind=kind, reference=paid.public_id, at=at, flags=flags,
        )  # fmt: skip

    def _refund(self, paid: Taken, amount: int, at: datetime) -> None:
        """Hold, ask and post a refund, which succeeds at once."""
        key, merchant, chart = self.sheets.key(at), paid.house.merchant, paid.house.chart
        charge = Refund(
            id=key, merchant_id=merchant.pk, livemode=False, created_at=at, payment_id=paid.id, amount=amount,
            currency=merchant.currency, reason="requested_by_customer", state="pending",
        )  # fmt: skip
        self._tell_refund(charge, "refund.created", [None, "pending"], at)
        charge.state = "succeeded"
        self._tell_refund(charge, "refund.succeeded", ["pending", "succeeded"], at)
        status = "refunded" if amount == paid.amount else "partially_refunded"
        data = paid.shown(status, at=at, captured=paid.amount, refunded=amount)
        self._tell(paid, "payment.refunded", data, ["captured", status], at)
        self.sheets.add(
            Refund, key, merchant.pk, False, at, paid.id, paid.attempt, amount, merchant.currency, "succeeded",
            charge.reason, "", f"re_{key.hex[-22:]}", "", "", {}, None, ACTOR, at, None, 0,
        )  # fmt: skip
        ends = UUID(int=key.int ^ 1)
        common: dict[str, Any] = {
            "merchant": merchant.pk, "ledger": chart.ledger, "debit": chart.merchant_payable,
            "credit": chart.provider_clearing, "amount": amount, "kind": "refund", "reference": paid.public_id,
            "at": at,
        }  # fmt: skip
        self.books.post(key, **common, flags=TransferFlag.PENDING)
        self.books.post(ends, **common, flags=TransferFlag.POST, pending_id=key)
        self.books.hold_posted(key, by=ends)

    def _tell(self, paid: Taken, name: str, data: dict[str, Any], status: list[Any], at: datetime) -> UUID:
        return self.log.tell(
            name,
            merchant=paid.house.merchant.pk,
            subject=paid.public_id,
            data=data,
            changes={"status": status},
            at=at,
        )

    def _tell_refund(self, charge: Refund, name: str, status: list[Any], at: datetime) -> None:
        self.log.tell(
            name,
            merchant=charge.merchant_id,
            subject=charge.public_id,
            data=charge.public(),
            changes={"status": status},
            at=at,
        )
