"""How ledger rows are shown."""

from typing import Any

from rest_framework import serializers

from rupai.core import ids
from wallets.models import Account, Transfer
from wallets.selectors import Balance
from wallets.states import AccountCode, TransferFlag

CODES = [code.name.lower() for code in AccountCode]


class AccountView(serializers.Serializer[Account]):
    account_id = serializers.CharField()
    code = serializers.ChoiceField(choices=CODES)
    currency = serializers.CharField()
    ledger = serializers.IntegerField(help_text="ISO 4217 numeric code; 1000 more in test mode")
    debits_pending = serializers.IntegerField()
    debits_posted = serializers.IntegerField()
    credits_pending = serializers.IntegerField()
    credits_posted = serializers.IntegerField()
    balance = serializers.IntegerField(help_text="What the account holds, positive on its normal side")
    available = serializers.IntegerField()
    closed = serializers.BooleanField()
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Account) -> dict[str, Any]:
        balance: Balance = self.context["balances"].get(instance.pk, Balance())
        return {
            "account_id": instance.public_id,
            "code": AccountCode(instance.code).name.lower(),
            "currency": instance.currency,
            "ledger": instance.ledger,
            "debits_pending": balance.debits_pending,
            "debits_posted": balance.debits_posted,
            "credits_pending": balance.credits_pending,
            "credits_posted": balance.credits_posted,
            "balance": balance.posted,
            "available": balance.available,
            "closed": balance.closed,
            "livemode": instance.livemode,
            "created_at": instance.created_at.isoformat(),
        }


class TransferView(serializers.Serializer[Transfer]):
    transfer_id = serializers.CharField()
    debit_account_id = serializers.CharField()
    credit_account_id = serializers.CharField()
    amount = serializers.IntegerField()
    ledger = serializers.IntegerField()
    kind = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True, help_text="Public id of what the money moved for")
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(flag.name).lower() for flag in TransferFlag])
    )
    pending_transfer_id = serializers.CharField(allow_null=True)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Transfer) -> dict[str, Any]:
        pending = instance.pending_id
        return {
            "transfer_id": instance.public_id,
            "debit_account_id": ids.public_id(Account.prefix, instance.debit_account_id),
            "credit_account_id": ids.public_id(Account.prefix, instance.credit_account_id),
            "amount": instance.amount,
            "ledger": instance.ledger,
            "kind": instance.kind,
            "reference": instance.reference,
            "flags": [flag.name.lower() for flag in TransferFlag(instance.flags) if flag.name],
            "pending_transfer_id": ids.public_id(Transfer.prefix, pending) if pending else None,
            "livemode": instance.livemode,
            "created_at": instance.created_at.isoformat(),
        }
