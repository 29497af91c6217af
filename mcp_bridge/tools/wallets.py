"""The tools of wallets."""

from typing import Any

from mcp_bridge.money import move, once, refuse_collect, without_empty
from mcp_bridge.registry import Call, Tier, tool
from mcp_bridge.serializers import wallets as forms
from payments import selectors as payments
from payments.services import approved as approved_payments
from payments.services.top_up import preview_top_up, top_up_wallet
from rupai.accounts.models import Customer
from rupai.api.pagination import page_of, place_of
from rupai.core import clock
from rupai.core.errors import InvalidInput
from rupai.core.money import Money
from wallets.selectors import wallets as selectors
from wallets.serializers.wallets import EntryView, WalletTransferView
from wallets.services import approved
from wallets.services.transfers import preview_transfer, transfer_funds

_TOOLSET = "wallets"
# A customer has one open wallet a currency; closed ones are few.
_MOST = 200


@tool(
    "get_wallet_balance",
    title="Get wallet balance",
    description="Balances of a customer's wallets.",
    tier=Tier.READ,
    scope="wallets:read",
    toolset=_TOOLSET,
    input=forms.WalletBalance,
    output=forms.Balances,
)
def balance(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read what wallets hold now.

    :raises InvalidInput: when neither a wallet nor a customer is named.
    """
    rows = selectors.wallets(actor=call.actor)
    if "wallet_id" not in values and "customer_id" not in values:
        raise InvalidInput("Name a wallet or a customer", hint="Send wallet_id or customer_id.")
    if "wallet_id" in values:
        rows = rows.filter(pk=rows.named(values["wallet_id"]).pk)
    if "customer_id" in values:
        customers = Customer.objects.visible_to(call.actor)
        rows = rows.filter(customer=customers.named(values["customer_id"]))
    if "currency" in values:
        rows = rows.filter(currency=values["currency"])
    found = selectors.with_balances(list(rows.order_by("currency", "pk")[:_MOST]))
    wallets = [
        {
            "wallet_id": wallet.public_id,
            "currency": wallet.currency,
            "available": held.available,
            "held": held.pending,
            "display": str(Money(held.available, wallet.currency)),
            "status": str(wallet.status),
        }
        for wallet, held in found
    ]
    return {"wallets": wallets, "as_of": clock.now().isoformat()}


@tool(
    "transfer_funds",
    title="Transfer funds",
    description="Move money between two wallets in one double-entry transaction. Moves money.",
    tier=Tier.MONEY,
    scope="wallets:transfer",
    toolset=_TOOLSET,
    input=forms.TransferFunds,
    output=forms.TransferredFunds,
    destructive=True,
)
def transfer(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Move money from one wallet to another."""

    def do() -> dict[str, Any]:
        key = call.claim.id if call.claim else None
        return dict(WalletTransferView(transfer_funds(actor=call.actor, idempotency_id=key, **values)).data)

    return move(
        call,
        preview=lambda: preview_transfer(actor=call.actor, **values),
        do=do,
        ask=lambda key: approved.ask_to_transfer(actor=call.actor, **values, idempotency_key=key),
        shown=lambda: {name: values[name] for name in ("from_wallet_id", "to_wallet_id")},
    )


@tool(
    "wallet_transaction_history",
    title="Wallet transaction history",
    description="Ledger lines of one wallet, newest first, cursor paged.",
    tier=Tier.READ,
    scope="wallets:read",
    toolset=_TOOLSET,
    input=forms.WalletHistory,
    output=forms.History,
)
def history(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read a page of a wallet's statement."""
    values = dict(values)
    limit, cursor = values.pop("limit"), values.pop("cursor", None)
    found = selectors.statement_of(actor=call.actor, **values)
    place = place_of(call.actor, "wallet_transaction_history", values)
    page = page_of(found.entries, place=place, limit=limit, cursor=cursor, tie="version")
    rows: Any = page.rows
    lines = EntryView(rows, many=True, context={"currency": found.wallet.currency}).data
    answer: dict[str, Any] = {"transactions": [dict(line) for line in lines], "has_more": page.has_more}
    return answer | ({"next_cursor": page.next_cursor} if page.has_more else {})


@tool(
    "top_up_wallet",
    title="Top up wallet",
    description="Fund a wallet by charging a saved method. Moves money.",
    tier=Tier.MONEY,
    scope="wallets:topup",
    toolset=_TOOLSET,
    input=forms.TopUpWallet,
    output=forms.ToppedUp,
    open_world=True,
)
def top_up(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Charge a saved method and credit the wallet.

    :raises CollectDiscontinued: when a UPI id is given.
    """
    refuse_collect(values["source"])
    wish = {
        "wallet_id": values["wallet_id"],
        "money": Money(values["amount"], values["currency"]),
        "payment_method_token": values["source"]["payment_method_token"],
    }

    def do() -> dict[str, Any]:
        made = top_up_wallet(actor=call.actor, **wish, **once(call))
        return without_empty(made.public() | payments.story_of_top_up(made))

    return move(
        call,
        preview=lambda: preview_top_up(actor=call.actor, **wish),
        do=do,
        ask=lambda key: approved_payments.ask_to_top_up(actor=call.actor, **wish, idempotency_key=key),
        shown=lambda: {"wallet_id": values["wallet_id"]},
    )
