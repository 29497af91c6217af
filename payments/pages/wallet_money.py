"""Filling a wallet and paying out of one by hand; above the merchant's limit a second person is asked first."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from payments.forms import TopUpForm, WithdrawalForm
from payments.models import PaymentMethod, Payout, TopUp
from payments.pages.new import method_words
from payments.services.approved import ask_to_top_up, ask_to_withdraw
from payments.services.top_up import top_up_wallet
from payments.services.withdraw import withdraw
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
from wallets.models import Wallet
from wallets.pages.actions import Action, wallet_action
from wallets.pages.addresses import wallet_here, wallet_url
from wallets.pages.second_person import asked, most_alone
from wallets.services.terms import needs_second_person
from wallets.states import WalletStatus

TOP_UP = {"title": "Top up", "icon": "plus", "lead": "The method is charged and the wallet gets what was captured"}
WITHDRAW = {"title": "Withdraw", "icon": "download", "lead": "The amount is held, then paid out by the provider"}
# Refusals that speak of one field of the form stand beside it.
_FIELD_OF = {
    "insufficient_funds": "amount",
    "limit_exceeded": "amount",
    "wrong_payment_method": "method",
    "no_provider": None,
}


@wallet_action(order=10)
def top_up_action(wallet: Wallet, actor: Actor) -> Action | None:
    """Offered while money can enter."""
    if not actor.may("wallets:topup") or wallet.status != WalletStatus.ACTIVE:
        return None
    return Action(TOP_UP["title"], TOP_UP["icon"], reverse("admin:wallet_top_up", args=[wallet.public_id]))


@wallet_action(order=20)
def withdraw_action(wallet: Wallet, actor: Actor) -> Action | None:
    """Offered while money can leave."""
    if not actor.may("wallets:withdraw") or wallet.status != WalletStatus.ACTIVE:
        return None
    return Action(WITHDRAW["title"], WITHDRAW["icon"], reverse("admin:wallet_withdraw", args=[wallet.public_id]))


@page("wallets/<wallet_id:wallet_id>/top-up/", name="wallet_top_up", scope="wallets:topup")
def top_up_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Charge a saved method of the wallet's customer."""
    wallet, actor = wallet_here(request, wallet_id)
    methods = _methods(wallet)
    form = TopUpForm(_given(request), methods=methods, **_about(wallet))
    sent = once.submitted(request, form, lambda values: _filled(request, wallet, actor, values), show=_show)
    if sent.answer is not None:
        return sent.answer
    more = {"about": TOP_UP, "nothing": "" if methods else "This customer has no saved payment method to charge."}
    return _shown(request, wallet, actor, form, sent, more)


@page("wallets/<wallet_id:wallet_id>/withdraw/", name="wallet_withdraw", scope="wallets:withdraw")
def withdraw_page(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Pay out of a wallet to a bank account."""
    wallet, actor = wallet_here(request, wallet_id)
    form = WithdrawalForm(_given(request), **_about(wallet))
    sent = once.submitted(request, form, lambda values: _paid_out(request, wallet, actor, values), show=_show)
    if sent.answer is not None:
        return sent.answer
    return _shown(request, wallet, actor, form, sent, {"about": WITHDRAW})


def _given(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _about(wallet: Wallet) -> dict[str, str]:
    available = selectors.balance_of(wallet.account_id).available
    return {"currency": wallet.currency, "available": write_money(available, wallet.currency)}


def _methods(wallet: Wallet) -> list[tuple[str, str]]:
    rows = PaymentMethod.objects.filter(customer=wallet.customer, detached_at=None, wallet=None)
    return [(row.public_id, method_words(row)) for row in rows.order_by("-created_at")[:100]]


def _shown(
    request: HttpRequest, wallet: Wallet, actor: Actor, form: forms.Form, sent: once.Submitted, more: dict[str, Any]
) -> HttpResponse:
    context = {
        "wallet": wallet,
        "form": form,
        "key": sent.key,
        "balance": selectors.balance_of(wallet.account_id),
        "possible": wallet.status == WalletStatus.ACTIVE,
        "alone": most_alone(wallet),
        **more,
    }
    return render_page(request, "payments/wallet_money.html", context, title=more["about"]["title"], status=sent.status)


def _filled(request: HttpRequest, wallet: Wallet, actor: Actor, values: dict[str, Any]) -> HttpResponse:
    money = Money(values["amount"], wallet.currency)
    wish = {"wallet_id": wallet.public_id, "money": money, "payment_method_token": values["method"]}

    def work(claim: Claim) -> Landing:
        if needs_second_person(actor, money):
            return asked(ask_to_top_up(actor=actor, idempotency_key=str(claim.id), **wish))
        made = top_up_wallet(actor=actor, idempotency_id=claim.id, resumed=claim.resumed, **wish)
        return _after_top_up(wallet, made)

    return _once(request, actor, "console.wallets.top_up", wallet, values, work)


def _after_top_up(wallet: Wallet, made: TopUp) -> Landing:
    money = made.payment.money
    if made.status == "posted":
        return Landing(wallet_url(wallet), f"{money} is in the wallet.")
    url = reverse("admin:payment_detail", args=[made.payment.public_id])
    if made.status == "failed":
        return Landing(url, f"Nothing was taken: {made.payment.failure_message}", messages.ERROR)
    return Landing(url, "The payment is under way; the wallet gets the money when it is captured.", messages.INFO)


def _paid_out(request: HttpRequest, wallet: Wallet, actor: Actor, values: dict[str, Any]) -> HttpResponse:
    money = Money(values["amount"], wallet.currency)
    wish = {
        "wallet_id": wallet.public_id,
        "money": money,
        "destination": values["destination"].strip(),
        "description": values["description"],
    }

    def work(claim: Claim) -> Landing:
        if needs_second_person(actor, money):
            return asked(ask_to_withdraw(actor=actor, idempotency_key=str(claim.id), **wish))
        made = withdraw(actor=actor, idempotency_id=claim.id, resumed=claim.resumed, **wish)
        return _after_withdrawal(wallet, made)

    return _once(request, actor, "console.wallets.withdraw", wallet, values, work)


def _after_withdrawal(wallet: Wallet, made: Payout) -> Landing:
    if made.status == "paid":
        return Landing(wallet_url(wallet), f"{made.money} was paid out.")
    if made.status == "failed":
        text = f"Nothing was paid out, the money is back in the wallet: {made.failure_message}"
        return Landing(wallet_url(wallet), text, messages.ERROR)
    return Landing(wallet_url(wallet), f"{made.money} is held; the provider has not answered yet.", messages.INFO)


def _once(
    request: HttpRequest, actor: Actor, operation: str, wallet: Wallet, values: dict[str, Any], work: Any
) -> HttpResponse:
    arguments = {"wallet": wallet.public_id, **values}
    return once.once(request, actor=actor, operation=operation, arguments=arguments, work=work)


def _show(form: forms.Form, refusal: DomainError) -> None:
    field = _FIELD_OF.get(refusal.code)
    form.add_error(field if field in form.fields else None, said(refusal))
