"""What the doors of insights give."""

from typing import Any

from rest_framework import serializers

from wallets.selectors.insights import Insight, Insights

CODES = ["spending_this_month", "spending_by_kind", "recurring_payment", "low_balance", "insufficient_history"]


class InsightView(serializers.Serializer[Insight]):
    code = serializers.ChoiceField(choices=CODES)
    text = serializers.CharField(help_text="One sentence in English")
    figures = serializers.DictField(
        help_text="Every number of the sentence; amounts in minor units, days in the merchant's zone"
    )

    def to_representation(self, instance: Insight) -> dict[str, Any]:
        return {"code": instance.code, "text": instance.text, "figures": instance.figures}


class InsightsView(serializers.Serializer[Insights]):
    wallet_id = serializers.CharField()
    currency = serializers.CharField()
    timezone = serializers.CharField(help_text="The merchant's, of whose calendar all days and months are")
    as_of = serializers.DateTimeField()
    insights = InsightView(many=True)

    def to_representation(self, instance: Insights) -> dict[str, Any]:
        return {
            "wallet_id": instance.wallet.public_id,
            "currency": instance.wallet.currency,
            "timezone": instance.zone.key,
            "as_of": instance.at.isoformat(),
            "insights": [InsightView(insight).data for insight in instance.found],
        }
