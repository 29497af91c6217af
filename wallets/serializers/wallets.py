"""What the doors of wallets take and give: REST and MCP read the same serializers."""

from typing import Any

from rest_framework import serializers

from rupai.api.fields import CurrencyCode, MinorUnits, PublicId, StrictInteger, StrictSerializer, StrictText
from rupai.core.money import Money
from wallets.models import Entry, Wallet, WalletTransfer
from wallets.selectors.ledger import Balance
from wallets.selectors.wallets import balance_after, balance_after_transfer
from wallets.services.holds import HOLD_STATUSES, WalletHold
from wallets.states import KycLevel, Side, WalletStatus

LONGEST_HOLD = 365 * 86_400
# What a caller names a hold by; plain characters, so that every form of a statement can print it.
_REFERENCE = r"^[0-9A-Za-z._:#/ -]*$"


class Reference(serializers.RegexField):
    """A caller's own name for something: plain letters, digits and a few signs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(regex=_REFERENCE, max_length=64, required=False, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send a string.", "not_a_string")
        return super().to_internal_value(data)


class NewWallet(StrictSerializer):
    customer_id = PublicId("cust")
    currency = CurrencyCode()


class NewTransfer(StrictSerializer):
    to_wallet_id = PublicId("wal")
    amount = MinorUnits()
    currency = CurrencyCode()
    description = StrictText(max_length=255, required=False, allow_blank=True)


class NewHold(StrictSerializer):
    amount = MinorUnits()
    expires_in = StrictInteger(
        min_value=1, max_value=LONGEST_HOLD, required=False, help_text="Seconds; seven days when omitted"
    )
    reference = Reference(help_text="Your own, such as the order's number; statements show it")


class HoldCapture(StrictSerializer):
    amount = MinorUnits(required=False, help_text="Minor units; omit to capture all. The rest is released")


class WalletNothing(StrictSerializer):
    """An empty body."""


class Limits(serializers.Serializer[Any]):
    """What may leave, in minor units; null takes the limit of the holder's level."""

    per_transaction = serializers.IntegerField(allow_null=True)
    per_day = serializers.IntegerField(allow_null=True)
    per_month = serializers.IntegerField(allow_null=True)


class WalletView(serializers.Serializer[tuple[Wallet, Balance]]):
    """A wallet with its balance, from ``selectors.wallets.with_balances``."""

    wallet_id = serializers.CharField()
    customer_id = serializers.CharField()
    account_id = serializers.CharField(help_text="Its account in the ledger")
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=WalletStatus.values)
    kyc_level = serializers.ChoiceField(choices=KycLevel.values)
    limits = Limits()
    overdraft_limit = serializers.IntegerField()
    balance = serializers.IntegerField(help_text="What is posted, holds not taken off")
    available = serializers.IntegerField(help_text="What can leave now: balance, less holds, plus overdraft")
    held = serializers.IntegerField()
    display = serializers.CharField(help_text="The available amount for people, such as INR 100.00")
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: tuple[Wallet, Balance]) -> dict[str, Any]:
        wallet, balance = instance
        return {
            **wallet.public(),
            "balance": balance.posted,
            "available": balance.available,
            "held": balance.pending,
            "display": str(Money(balance.available, wallet.currency)),
        }


class WalletTransferView(serializers.Serializer[WalletTransfer]):
    transfer_id = serializers.CharField()
    journal_entry_id = serializers.CharField(help_text="The transfer in the ledger")
    status = serializers.ChoiceField(choices=["posted"])
    from_wallet_id = serializers.CharField()
    to_wallet_id = serializers.CharField()
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    from_balance_after = serializers.IntegerField(help_text="The sender's balance right after")
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: WalletTransfer) -> dict[str, Any]:
        after = balance_after_transfer(instance)
        return {**instance.public(), "description": instance.description, "from_balance_after": after}


class HoldView(serializers.Serializer[WalletHold]):
    hold_id = serializers.CharField()
    wallet_id = serializers.CharField()
    status = serializers.ChoiceField(choices=HOLD_STATUSES)
    amount = serializers.IntegerField(help_text="What was held")
    captured = serializers.IntegerField(help_text="What of it was taken")
    currency = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: WalletHold) -> dict[str, Any]:
        return instance.public()


class EntryView(serializers.Serializer[Entry]):
    """A line of a wallet's statement; the context has its ``currency``."""

    entry_id = serializers.CharField()
    type = serializers.ChoiceField(choices=Side.values)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    balance_after = serializers.IntegerField()
    kind = serializers.CharField(help_text="What moved it: wallet_transfer, wallet_hold, top_up, ...")
    reference = serializers.CharField(allow_blank=True, help_text="Id of what it moved for")
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Entry) -> dict[str, Any]:
        return {
            "entry_id": instance.public_id,
            "type": instance.side,
            "amount": instance.posted_change,
            "currency": self.context["currency"],
            "balance_after": balance_after(instance),
            "kind": instance.kind,
            "reference": instance.reference,
            "created_at": instance.created_at.isoformat(),
        }


class StatementView(serializers.Serializer[Any]):
    wallet_id = serializers.CharField()
    currency = serializers.CharField()
    start_date = serializers.DateField(allow_null=True)
    end_date = serializers.DateField(allow_null=True)
    opening_balance = serializers.IntegerField(help_text="Before the first day; 0 without start_date")
    closing_balance = serializers.IntegerField(help_text="After the last day; the present balance without end_date")
    transactions = EntryView(many=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(required=False, help_text="Absent on the last page")
