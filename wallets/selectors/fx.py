"""Read exchange rates and quotes, and find the mid rate between two currencies in what an actor may see."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.rows import RowQuerySet
from wallets.fx import cross, inverse
from wallets.models import FxQuote, FxRate

# Reference rates are prices of one euro; two of them give the rate between their currencies.
PIVOT = "EUR"
# Beyond these a computed rate has too few digits left, or too many to be written.
SMALLEST, GREATEST = Decimal(1).scaleb(-10), Decimal(1).scaleb(15)
Prices = Mapping[tuple[str, str], Decimal]


class RateUnknown(DomainError):
    code = "rate_unknown"
    hint = "Set a rate for this pair in either direction, or import reference rates; GET /fx/rates lists what there is."


def quotes(*, actor: Actor) -> RowQuerySet[FxQuote]:
    """The quotes that an actor may see."""
    return FxQuote.objects.visible_to(actor)


def rates_in_force(*, actor: Actor) -> RowQuerySet[FxRate]:
    """The rates by which the actor's quotes are made at this moment: of each owner and pair the newest."""
    newest = FxRate.objects.visible_to(actor).in_force(clock.now())
    # Lists are read by the moment of creation; a rate's is when it was recorded.
    rates = FxRate.objects.visible_to(actor).annotate(created_at=F("recorded_at"))
    return rates.filter(pk__in=newest.values("pk"))


def mid_rate(*, actor: Actor, source: str, target: str, at: datetime) -> Decimal:
    """The price of one major unit of the source in major units of the target, at a moment.

    The merchant's own rate goes before the platform's, a rate of this direction before the inverse of the other, and
    either before two rates through the euro. What is computed has 18 decimals, cut downwards.

    :raises RateUnknown: when there is no rate in force, or the computed one cannot be written exactly enough.
    """
    corners = {source, target, PIVOT}
    rates = FxRate.objects.visible_to(actor).filter(base__in=corners, quote__in=corners).in_force(at)
    own, platform = _prices(rates, own=True), _prices(rates, own=False)
    found = (
        _either_way(own, source, target)
        or _either_way(platform, source, target)
        or _through_pivot({**platform, **own}, source, target)
    )
    if not found or not SMALLEST <= found <= GREATEST:
        raise RateUnknown(f"There is no rate from {source} to {target}", from_currency=source, to_currency=target)
    return found


def _prices(rates: Iterable[FxRate], *, own: bool) -> Prices:
    return {(rate.base, rate.quote): rate.rate for rate in rates if (rate.merchant_id is not None) == own}


def _either_way(prices: Prices, source: str, target: str) -> Decimal | None:
    if (source, target) in prices:
        return prices[source, target]
    return inverse(prices[target, source]) if (target, source) in prices else None


def _through_pivot(prices: Prices, source: str, target: str) -> Decimal | None:
    source_rate, target_rate = prices.get((PIVOT, source)), prices.get((PIVOT, target))
    return cross(source_rate, target_rate) if source_rate and target_rate else None
