"""Sending money from one wallet to another by hand."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.idempotency import Claim
from rupai.core.money import Money
from rupai.pages import once
from rupai.pages.formats import write_money
from rupai.pages.once import Landing, said
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from wallets import selectors
from wallets.forms.wallets import TransferForm
from wallets.models import Wallet
from wallets.pages.addresses import wallet_here, wallet_url
from wallets.pages.second_person import asked, most_alone
from wallets.services.approved import ask_to_transfer
from wallets.services.terms import needs_second_person
from wallets.services.transfers import transfer_funds
from wallets.states import WalletStatus

# Refusals that speak of one field of the form stand beside it.
_FIELD_OF = {
    "not_found": "to_wallet",
    "same_wallet": "to_wallet",
    "currency_mismatch": "to_wallet",
    "insufficient_funds": "amount",
    "limit_exceeded": "amount",
}


@page("wallets/<wallet_id:wallet_id>/transfer/", name="wallet_transfer", scope="wallets:transfer")
def transfer_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Send money from this wallet to another one in the same currency."""
    wallet, actor = wallet_here(request, wallet_id)
    balance = selectors.balance_of(wallet.account_id)
    given = request.POST if request.method == "POST" else None
    form = TransferForm(given, currency=wallet.currency, available=write_money(balance.available, wallet.currency))
    sent = once.submitted(request, form, lambda values: _sent(request, wallet, actor, values), show=_show)
    if sent.answer is not None:
        return sent.answer
    context = {
        "wallet": wallet,
        "form": form,
        "key": sent.key,
        "balance": balance,
        "possible": wallet.status == WalletStatus.ACTIVE,
        "alone": most_alone(wallet),
    }
    return render_page(request, "wallets/transfer.html", context, title="Transfer", status=sent.status)


def _sent(request: HttpRequest, wallet: Wallet, actor: Actor, values: dict[str, Any]) -> HttpResponse:
    money = Money(values["amount"], wallet.currency)

    def work(claim: Claim) -> Landing:
        if needs_second_person(actor, money):
            return asked(
                ask_to_transfer(
                    actor=actor,
                    from_wallet_id=wallet.public_id,
                    to_wallet_id=values["to_wallet"],
                    amount=money.minor,
                    currency=money.currency,
                    description=values["description"],
                    idempotency_key=str(claim.id),
                )
            )
        sent = transfer_funds(
            actor=actor,
            from_wallet_id=wallet.public_id,
            to_wallet_id=values["to_wallet"],
            amount=values["amount"],
            currency=wallet.currency,
            description=values["description"],
            idempotency_id=claim.id,
        )
        return Landing(wallet_url(wallet), f"Sent {money} to {sent.to_wallet.public_id}.")

    arguments = {"wallet": wallet.public_id, **values}
    return once.once(request, actor=actor, operation="console.wallets.transfer", arguments=arguments, work=work)


def _show(form: forms.Form, refusal: DomainError) -> None:
    if refusal.code == "limit_exceeded":
        resets = refusal.details.get("resets_at")
        later = f" It starts anew on {resets[:10]}." if resets else ""
        form.add_error("amount", f"{refusal.message}.{later}")
    elif refusal.code == "not_found":
        form.add_error("to_wallet", "There is no wallet with this id here, in this mode.")
    else:
        form.add_error(_FIELD_OF.get(refusal.code), said(refusal))
