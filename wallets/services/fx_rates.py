"""Record exchange rates: by hand, or from a file of reference rates. Rates are only ever added."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import ClassVar

from django.db import transaction

from rupai.core import clock, events, locks
from rupai.core.actor import Actor
from rupai.core.errors import Conflict, DomainError
from rupai.core.money import currency
from wallets.fx import SameCurrency
from wallets.models import FxRate
from wallets.providers.fx_sheet import Price, Sheet

MANUAL = "manual"
_DECIMALS = 10
_BATCH = 2_000


class BadRate(DomainError):
    code: ClassVar[str] = "bad_rate"
    hint = "A rate is above zero, with at most 10 digits before and 10 after the point: what one unit of base costs."


class ImportRunning(Conflict):
    code: ClassVar[str] = "import_running"
    hint = "Another import is writing rates at this moment; start again when it has ended."


def set_rate(*, actor: Actor, base: str, quote: str, rate: Decimal, valid_from: datetime | None = None) -> FxRate:
    """Set the price of one major unit of ``base`` in major units of ``quote``, from a moment on (default: now).

    A merchant's rate is its own, in the actor's mode, and goes before the platform's. The platform's actor sets a rate
    for everybody.

    :raises UnknownCurrency: for a currency that cannot be paid in.
    :raises SameCurrency: when both are one.
    :raises BadRate: when the rate is not above zero, or has too many digits.
    """
    actor.require("fx:write")
    currency(base), currency(quote)
    if base == quote:
        raise SameCurrency(f"A rate is between two currencies, not {base} and {quote}")
    now = clock.now()
    own = actor.merchant_id is not None
    if not own:
        actor.require("*")
    new = FxRate(
        merchant_id=actor.merchant_id,
        livemode=actor.livemode if own else None,
        base=base,
        quote=quote,
        rate=_checked(rate),
        source=MANUAL,
        valid_from=valid_from or now,
        recorded_at=now,
    )
    with transaction.atomic():
        new.save(force_insert=True)
        if own:
            # Events belong to a merchant's stream; the platform's rates are told by their own rows.
            events.emit("fx.rate_set", subject=new, actor=actor, data=new.public())
    return new


def import_rates(*, actor: Actor, sheet: Sheet) -> int:
    """Record the prices of a file as the platform's rates, all or none; return how many are new.

    A price that is already recorded for its day is left as it is, so importing a file again changes nothing; another
    price for the same day is a correction, and wins because it is recorded later.

    :raises ImportRunning: while another import writes.
    """
    actor.require("*")
    now = clock.now()
    with transaction.atomic():
        if not locks.try_single_writer("wallets.import_rates"):
            raise ImportRunning("Rates are being imported")
        known = _recorded(sheet)
        new = [
            FxRate(
                base=price.base,
                quote=price.quote,
                rate=price.rate,
                source=sheet.source,
                valid_from=_beginning(price),
                recorded_at=now,
            )
            for price in sheet.prices
            if known.get((price.base, price.quote, _beginning(price))) != price.rate
        ]
        FxRate.objects.bulk_create(new, batch_size=_BATCH)
    return len(new)


def _checked(rate: Decimal) -> Decimal:
    if not rate.is_finite() or rate <= 0 or rate >= 10**_DECIMALS:
        raise BadRate(f"{rate} is no rate")
    whole = rate.quantize(Decimal(1).scaleb(-_DECIMALS))
    if whole != rate:
        raise BadRate(f"{rate} has more than {_DECIMALS} decimals")
    return whole


def _beginning(price: Price) -> datetime:
    return datetime.combine(price.day, time.min, tzinfo=UTC)


def _recorded(sheet: Sheet) -> dict[tuple[str, str, datetime], Decimal]:
    """What this source said before about the days of the sheet; of corrections the last."""
    moments = {_beginning(price) for price in sheet.prices}
    rates: Iterable[FxRate] = FxRate.objects.filter(
        merchant_id=None, source=sheet.source, valid_from__range=(min(moments), max(moments))
    ).order_by("recorded_at", "id")
    return {(rate.base, rate.quote, rate.valid_from): rate.rate for rate in rates}
