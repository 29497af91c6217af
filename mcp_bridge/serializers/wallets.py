"""What the tools of wallets take and give."""

from typing import Any

from rest_framework import serializers

from mcp_bridge.serializers.money import VPA, HeaderCurrency, Moved
from payments.serializers import TOP_UP_STATUSES, NewTopUp, NextAction, TopUpSource
from rupai.api.fields import CurrencyCode, PublicId, StrictInteger, StrictSerializer, StrictText
from wallets.selectors.wallets import KINDS
from wallets.serializers.wallets import EntryView, NewTransfer
from wallets.states import WalletStatus

_NOTHING_MOVED = ["pending_approval", "dry_run"]


class WalletBalance(StrictSerializer):
    wallet_id = PublicId("wal", required=False)
    customer_id = PublicId("cust", required=False)
    currency = CurrencyCode(required=False)


class BalanceOf(serializers.Serializer[Any]):
    wallet_id = serializers.CharField()
    currency = serializers.CharField()
    available = serializers.IntegerField()
    held = serializers.IntegerField()
    display = serializers.CharField()
    status = serializers.ChoiceField(choices=WalletStatus.values)


class Balances(serializers.Serializer[Any]):
    wallets = BalanceOf(many=True)
    as_of = serializers.DateTimeField()


class TransferFunds(NewTransfer):
    from_wallet_id = PublicId("wal")
    currency = HeaderCurrency()


class TransferredFunds(Moved):
    transfer_id = serializers.CharField(required=False)
    journal_entry_id = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=["posted", *_NOTHING_MOVED])
    from_wallet_id = serializers.CharField(required=False)
    to_wallet_id = serializers.CharField(required=False)
    from_balance_after = serializers.IntegerField(required=False)
    balance_after = serializers.IntegerField(required=False)
    description = serializers.CharField(required=False)
    livemode = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(required=False)


class WalletHistory(StrictSerializer):
    wallet_id = PublicId("wal")
    start_date = serializers.DateField(required=False, input_formats=["%Y-%m-%d"])
    end_date = serializers.DateField(required=False, input_formats=["%Y-%m-%d"])
    type = serializers.ChoiceField(choices=KINDS, default="all")
    limit = StrictInteger(min_value=1, max_value=100, default=25)
    cursor = StrictText(max_length=200, required=False)


class History(serializers.Serializer[Any]):
    transactions = EntryView(many=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(required=False)


class Source(TopUpSource):
    """What is charged; a UPI id is known by name only to say that it cannot be."""

    vpa = serializers.RegexField(VPA, required=False, max_length=321)


class TopUpWallet(NewTopUp):
    wallet_id = PublicId("wal")
    source = Source()
    currency = HeaderCurrency()


class ToppedUp(Moved):
    top_up_id = serializers.CharField(required=False)
    payment_id = serializers.CharField(required=False)
    wallet_id = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=[*TOP_UP_STATUSES, *_NOTHING_MOVED])
    balance_after = serializers.IntegerField(required=False)
    next_action = NextAction(required=False)
    livemode = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(required=False)
