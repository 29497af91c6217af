"""What the doors of foreign exchange take and give."""

from typing import Any

from rest_framework import serializers

from rupai.api.fields import CurrencyCode, MinorUnits, PublicId, StrictSerializer

SIDES = ["from", "to"]


class NewFxQuote(StrictSerializer):
    from_currency = CurrencyCode()
    to_currency = CurrencyCode()
    amount = MinorUnits(help_text="Minor units of the side's currency")
    side = serializers.ChoiceField(
        choices=SIDES, default="from", help_text="from: exchange this amount; to: receive this amount"
    )


class NewExchange(StrictSerializer):
    quote_id = PublicId("fxq")
    to_wallet_id = PublicId("wal")


class Shown(serializers.Serializer[Any]):
    """Output that a row has prepared itself: ``row.public()``."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = instance.public()
        return shown


class FxQuoteView(Shown):
    quote_id = serializers.CharField()
    from_currency = serializers.CharField()
    to_currency = serializers.CharField()
    from_amount = serializers.IntegerField(help_text="What leaves the source wallet, the spread included")
    to_amount = serializers.IntegerField(help_text="What arrives")
    rate = serializers.CharField(help_text="Decimal: one major unit of from_currency, after the spread")
    mid_rate = serializers.CharField(help_text="Decimal: the same before the spread")
    spread_bps = serializers.IntegerField(help_text="Hundredths of a per cent of from_amount, rounded up")
    spread_amount = serializers.IntegerField(help_text="The part of from_amount that is not converted")
    spread_currency = serializers.CharField()
    expires_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(required=False)
    transfer_id = serializers.CharField(required=False, help_text="Ledger transfer out of the source wallet")
    from_wallet_id = serializers.CharField(required=False)
    to_wallet_id = serializers.CharField(required=False)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class FxRateView(Shown):
    rate_id = serializers.CharField()
    base = serializers.CharField()
    quote = serializers.CharField()
    rate = serializers.CharField(help_text="Decimal: what one major unit of base costs in major units of quote")
    source = serializers.CharField(help_text="manual, or where the file came from")  # type: ignore[assignment]
    owner = serializers.ChoiceField(choices=["merchant", "platform"])
    valid_from = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
