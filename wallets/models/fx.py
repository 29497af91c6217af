"""Exchange rates, what a merchant takes for exchanging, and quotes."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.rows import Row, RowQuerySet, TenantRow
from wallets.fx import MOST_SPREAD, written
from wallets.models.wallet import Wallet


class FxRateQuerySet(RowQuerySet["FxRate"]):
    """Rates belong to a merchant in one mode, or to the platform, whose rates everybody sees."""

    def visible_to(self, actor: Actor) -> Self:
        if actor.merchant_id is None:
            return super().visible_to(actor)
        return self.filter(Q(merchant_id=actor.merchant_id, livemode=actor.livemode) | Q(merchant_id=None))

    def in_force(self, at: datetime) -> Self:
        """Of each owner, pair and direction the newest rate that is valid at a moment; later corrections win."""
        pair = ("merchant_id", "livemode", "base", "quote")
        return self.filter(valid_from__lte=at).order_by(*pair, "-valid_from", "-recorded_at", "-id").distinct(*pair)


class FxRate(Row):
    """The price of one major unit of ``base`` in major units of ``quote``, from a moment on. Never changed or deleted.

    Without a merchant it is the platform's, and holds in both modes.
    """

    prefix = "fxr"

    merchant_id = models.UUIDField(null=True, blank=True)
    livemode = models.BooleanField(null=True, blank=True)
    base = models.CharField(max_length=3, db_collation="C")
    quote = models.CharField(max_length=3, db_collation="C")
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=32, db_collation="C")
    valid_from = models.DateTimeField()
    recorded_at = models.DateTimeField()

    objects: ClassVar[Any] = FxRateQuerySet.as_manager()

    class Meta:
        verbose_name = "exchange rate"
        indexes: ClassVar = [
            models.Index(fields=["base", "quote", "merchant_id", "livemode", "-valid_from"], name="fxrate_newest")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="fxrate_above_zero"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="fxrate_of_two_currencies"),
            models.CheckConstraint(
                condition=Q(merchant_id=None, livemode=None) | Q(merchant_id__isnull=False, livemode__isnull=False),
                name="fxrate_of_a_mode_or_everybody",
            ),
        ]

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        return {
            "rate_id": self.public_id,
            "base": self.base,
            "quote": self.quote,
            "rate": written(self.rate),
            "source": self.source,
            "owner": "platform" if self.merchant_id is None else "merchant",
            "valid_from": self.valid_from.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
        }


class FxTerms(TenantRow):
    """What a merchant takes for exchanging, in hundredths of a per cent; without a row the platform's default holds."""

    prefix = "fxt"

    spread_bps = models.PositiveSmallIntegerField("spread in hundredths of a per cent")
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "exchange terms"
        verbose_name_plural = "exchange terms"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode"], name="fxterms_one_per_mode"),
            models.CheckConstraint(condition=Q(spread_bps__lte=MOST_SPREAD), name="fxterms_spread_in_range"),
        ]


class FxQuote(TenantRow):
    """An offer to exchange, for a short while and once; used, it is the record of the exchange.

    ``spread_amount`` is a part of ``from_amount``, in the source currency; the rest is converted at ``mid_rate``.
    ``rate`` is the mid rate less the spread. Both are the price of one major unit of the source currency.
    """

    prefix = "fxq"

    from_currency = models.CharField(max_length=3, db_collation="C")
    to_currency = models.CharField(max_length=3, db_collation="C")
    from_amount = models.BigIntegerField()
    to_amount = models.BigIntegerField()
    rate = models.DecimalField(max_digits=34, decimal_places=18)
    mid_rate = models.DecimalField(max_digits=34, decimal_places=18)
    spread_bps = models.PositiveSmallIntegerField()
    spread_amount = models.BigIntegerField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Public id of the transfer out of the source wallet; the others of its chain have the same reference.
    used_by = models.CharField(max_length=64, blank=True, db_collation="C")
    from_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    idempotency_id = models.UUIDField(null=True, unique=True)
    created_by = models.CharField(max_length=80, db_collation="C")

    class Meta:
        verbose_name = "exchange quote"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "created_at", "id"], name="fxquote_newest")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(from_amount__gt=F("spread_amount"), to_amount__gt=0, spread_amount__gte=0),
                name="fxquote_amounts_in_order",
            ),
            models.CheckConstraint(condition=Q(rate__gt=0, mid_rate__gte=F("rate")), name="fxquote_rates_in_order"),
            models.CheckConstraint(condition=~Q(from_currency=F("to_currency")), name="fxquote_of_two_currencies"),
            models.CheckConstraint(
                condition=Q(used_at=None, used_by="", from_wallet=None, to_wallet=None)
                | (Q(used_at__lt=F("expires_at"), from_wallet__isnull=False, to_wallet__isnull=False) & ~Q(used_by="")),
                name="fxquote_used_in_time_or_not_at_all",
            ),
            # The ledger's own id of the movement, so that two quotes can never claim one exchange.
            models.UniqueConstraint(fields=["used_by"], condition=~Q(used_by=""), name="fxquote_one_exchange"),
        ]

    @property
    def converted_amount(self) -> int:
        """What of ``from_amount`` is converted: all but the spread."""
        return self.from_amount - self.spread_amount

    def public(self) -> dict[str, Any]:
        """The fields of the REST answer and of events."""
        shown: dict[str, Any] = {
            "quote_id": self.public_id,
            "from_currency": self.from_currency,
            "to_currency": self.to_currency,
            "from_amount": self.from_amount,
            "to_amount": self.to_amount,
            "rate": written(self.rate),
            "mid_rate": written(self.mid_rate),
            "spread_bps": self.spread_bps,
            "spread_amount": self.spread_amount,
            "spread_currency": self.from_currency,
            "expires_at": self.expires_at.isoformat(),
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }
        if self.used_at is not None and self.from_wallet_id and self.to_wallet_id:
            shown["used_at"] = self.used_at.isoformat()
            shown["transfer_id"] = self.used_by
            shown["from_wallet_id"] = ids.public_id(Wallet.prefix, self.from_wallet_id)
            shown["to_wallet_id"] = ids.public_id(Wallet.prefix, self.to_wallet_id)
        return shown
