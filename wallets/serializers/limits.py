"""What the doors of wallets' limits take and give."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from rupai.api.fields import CurrencyCode, StrictInteger, StrictSerializer
from rupai.core.money import MAX_MINOR
from wallets.models import WalletLimits
from wallets.selectors.limits import Window
from wallets.serializers.wallets import Limits
from wallets.states import KycLevel


class Ceiling(StrictInteger):
    """A limit in minor units, from 0; or null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_MINOR, **options)


class Level(StrictInteger):
    """How well a holder is known: 0 minimal, 1 basic, 2 full."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=min(KycLevel.values), max_value=max(KycLevel.values), **options)


class NewLimits(StrictSerializer):
    """All three at once, so that none is left over by mistake."""

    per_transaction = Ceiling(allow_null=True, help_text="Minor units; null takes that of the holder's level")
    per_day = Ceiling(allow_null=True)
    per_month = Ceiling(allow_null=True)
    kyc_level = Level(required=False, help_text="0 minimal, 1 basic, 2 full; omit to leave it")


class NewOverdraft(StrictSerializer):
    overdraft_limit = Ceiling(help_text="How far below zero the balance may go, in minor units")


class NewLevelLimits(StrictSerializer):
    currency = CurrencyCode()
    kyc_level = Level(help_text="0 minimal, 1 basic, 2 full")
    per_transaction = Ceiling(allow_null=True, help_text="Minor units; null is no limit")
    per_day = Ceiling(allow_null=True)
    per_month = Ceiling(allow_null=True)


class WindowView(serializers.Serializer[Window]):
    """One limit that holds for a wallet, and how far it is used."""

    name = serializers.ChoiceField(choices=["per_transaction", "per_day", "per_month"])
    limit = serializers.IntegerField()
    used = serializers.IntegerField(help_text="Posted in the window, and all that is held")
    remaining = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Window) -> dict[str, Any]:
        shown = {**asdict(instance), "remaining": instance.remaining}
        return shown | {name: moment.isoformat() if (moment := shown[name]) else None for name in ("since", "until")}


class WalletLimitsView(serializers.Serializer[Any]):
    wallet_id = serializers.CharField()
    currency = serializers.CharField()
    windows = WindowView(many=True)


class LevelLimitsView(serializers.Serializer[WalletLimits]):
    limits_id = serializers.CharField()
    currency = serializers.CharField()
    kyc_level = serializers.ChoiceField(choices=KycLevel.values)
    limits = Limits()
    livemode = serializers.BooleanField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: WalletLimits) -> dict[str, Any]:
        return instance.public()
