"""Exchange between two wallets by a quote: one linked chain in the ledger, through accounts of liquidity."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rupai.approvals.services import mandates
from rupai.core import clock, events, failpoints, ids, locks
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.money import Money
from rupai.core.rows import key_of
from wallets.errors import QuoteExpired, QuoteMismatch, QuoteUsed
from wallets.models import FxQuote, Transfer, Wallet
from wallets.services.checks import check_active, check_leaving, lock_wallets
from wallets.services.ledger import Chart, NewTransfer, chart_accounts, linked, post_transfers

KIND, SPREAD_KIND = "fx", "fx_spread"
# Keys of the transfers are computed from the quote's key, so that the ledger itself knows a quote that was used.
_OUT, _SPREAD, _IN = 0, 1, 2


def exchange(
    *, actor: Actor, from_wallet_id: str, to_wallet_id: str, quote_id: str, idempotency_id: UUID | None = None
) -> FxQuote:
    """Take ``from_amount`` of a quote out of one wallet and pay its ``to_amount`` into another, all or nothing.

    The converted part goes to the merchant's liquidity in the source currency, the spread to its fee revenue, and the
    target currency comes out of its liquidity. The same ``idempotency_id`` gets the exchange that it made before.

    :raises NotFound: when the actor sees no such quote or wallet.
    :raises QuoteUsed: or QuoteExpired.
    :raises QuoteMismatch: when a wallet has another currency than the quote.
    :raises WalletFrozen: or WalletClosed, LimitExceeded, InsufficientFunds.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    actor.require("wallets:transfer")
    seen: FxQuote = FxQuote.objects.visible_to(actor).filter(merchant_id=actor.merchant).named(quote_id)
    with transaction.atomic(durable=True):
        quote = _lock_quote(seen.pk)
        if quote.used_at is not None:
            return _replayed(quote, idempotency_id, from_wallet_id, to_wallet_id)
        source, target = lock_wallets(actor=actor, wallet_ids=[from_wallet_id, to_wallet_id])
        # After the last wait: a quote that expired while others held the locks is expired.
        now = clock.now()
        _check(quote, source, target, at=now)
        _count(quote, target, actor)
        _use(quote, source, target, idempotency_id, at=now)
        failpoints.hit("exchange.before_posting")
        post_transfers(transfers=_chain(quote, source, target), at=now)
        failpoints.hit("exchange.after_posting")
        events.emit("fx.exchanged", subject=quote, actor=actor, data=quote.public())
        failpoints.hit("exchange.before_commit")
    failpoints.hit("exchange.after_commit")
    return quote


def _count(quote: FxQuote, target: Wallet, actor: Actor) -> None:
    """What leaves counts under an agent's mandate, in the currency in which it leaves."""
    name, money = quote.public_id, Money(quote.from_amount, quote.from_currency)
    payee = target.public_id
    mandates.spend(actor=actor, scope="wallets:transfer", money=money, payee=payee, key=name, subject=name)


def _lock_quote(key: UUID) -> FxQuote:
    quote = locks.lock_row(FxQuote.objects.get_queryset(), key)
    if quote is None:
        raise NotFound("The quote is gone")
    return quote


def _replayed(quote: FxQuote, idempotency_id: UUID | None, from_wallet_id: str, to_wallet_id: str) -> FxQuote:
    wallets = key_of(from_wallet_id, Wallet.prefix), key_of(to_wallet_id, Wallet.prefix)
    same = idempotency_id is not None and idempotency_id == quote.idempotency_id
    if same and wallets == (quote.from_wallet_id, quote.to_wallet_id):
        return quote
    raise QuoteUsed(
        f"Quote {quote.public_id} was used at {quote.used_at:%Y-%m-%dT%H:%M:%SZ}",
        quote=quote.public_id,
        transfer=quote.used_by,
    )


def _check(quote: FxQuote, source: Wallet, target: Wallet, *, at: datetime) -> None:
    if at >= quote.expires_at:
        raise QuoteExpired(
            f"Quote {quote.public_id} held until {quote.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            quote=quote.public_id,
            expires_at=quote.expires_at.isoformat(),
        )
    for wallet, currency in ((source, quote.from_currency), (target, quote.to_currency)):
        if wallet.currency != currency:
            raise QuoteMismatch(
                f"Wallet {wallet.public_id} is in {wallet.currency}, and the quote wants {currency} there",
                wallet=wallet.public_id,
                currency=wallet.currency,
                wanted=currency,
            )
    check_active(target)
    check_leaving(source, amount=quote.from_amount, at=at)


def _use(quote: FxQuote, source: Wallet, target: Wallet, idempotency_id: UUID | None, *, at: datetime) -> None:
    quote.used_at, quote.used_by = at, ids.public_id(Transfer.prefix, _key(quote, _OUT))
    quote.from_wallet, quote.to_wallet, quote.idempotency_id = source, target, idempotency_id
    quote.save(update_fields=["used_at", "used_by", "from_wallet", "to_wallet", "idempotency_id"])


def _chain(quote: FxQuote, source: Wallet, target: Wallet) -> list[NewTransfer]:
    # Opened with the first wallet of a currency, so that nothing is opened here.
    from_chart, to_chart = _chart(source), _chart(target)
    out = _transfer(quote, _OUT, KIND, source.account_id, from_chart.fx_liquidity, quote.converted_amount)
    spread = _transfer(quote, _SPREAD, SPREAD_KIND, source.account_id, from_chart.fee_revenue, quote.spread_amount)
    paid = _transfer(quote, _IN, KIND, to_chart.fx_liquidity, target.account_id, quote.to_amount)
    return [linked(out), *([linked(spread)] if quote.spread_amount else []), paid]


def _chart(wallet: Wallet) -> Chart:
    return chart_accounts(merchant_id=wallet.merchant_id, livemode=wallet.livemode, currency=wallet.currency)


def _key(quote: FxQuote, number: int) -> UUID:
    return UUID(int=quote.pk.int ^ number)


def _transfer(quote: FxQuote, number: int, kind: str, debit: UUID, credit: UUID, amount: int) -> NewTransfer:
    return NewTransfer(
        id=_key(quote, number),
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        kind=kind,
        reference=quote.public_id,
    )
