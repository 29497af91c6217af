"""What is held in a wallet and would leave it."""

from django.db.models import QuerySet

from wallets.models import Hold, Wallet
from wallets.states import HoldState


def open_holds(wallet: Wallet) -> QuerySet[Hold]:
    """The holds that nobody has taken or released yet, newest first; what closed the account holds nothing."""
    held = Hold.objects.filter(state=HoldState.PENDING, transfer__debit_account_id=wallet.account_id)
    return held.filter(transfer__amount__gt=0).select_related("transfer").order_by("-transfer__created_at", "-pk")
