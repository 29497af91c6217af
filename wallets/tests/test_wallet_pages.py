"""Wallets in the console: who sees and does what, a form sent twice moves once, figures are the ledger's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts.tests.factories import new_member, new_user
from rupai.core import clock
from wallets.models import Wallet, WalletTransfer
from wallets.pages.dashboard import bars_of
from wallets.selectors import balance_of
from wallets.selectors.overview import Flow, flows, totals
from wallets.services.accounts import forget_charts
from wallets.services.holds import capture_hold, hold_funds
from wallets.services.limits import set_limits
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import close_wallet, freeze_wallet
from wallets.tests.factories import Purse, fund, has

pytestmark = pytest.mark.django_db
LIST = "admin:wallets_wallet_changelist"
ONCE = {"idempotency_key": "form-0123456789"}


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


def signed_in(purse: Purse, role: str = "owner") -> Client:
    client = Client()
    client.force_login(new_member(merchant=purse.merchant, role=role, is_staff=True).user)
    return client


def at(name: str, wallet: Wallet) -> str:
    return reverse(f"admin:wallet_{name}", args=[wallet.public_id])


def test_a_wallet_shows_what_the_ledger_has(purse: Purse) -> None:
    wallet = purse.wallet(150_00)
    held = hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=50_00, reference="order 7")
    answer = signed_in(purse).get(at("detail", wallet))
    assert answer.status_code == 200
    shown, balance = answer.context["balance"], balance_of(wallet.account_id)
    assert (shown.available, shown.pending, shown.posted) == (100_00, 50_00, 150_00)
    assert shown == balance
    assert [hold.transfer.public_id for hold in answer.context["holds"]] == [held.transfer.public_id]
    assert [(row.change, row.line.posted) for row in answer.context["lines"]] == [(None, 150_00), (150_00, 150_00)]
    text = answer.content.decode()
    statement = reverse("admin:wallet_statement", args=[wallet.account.public_id])
    for expected in ("₹100.00", "₹50.00", "₹150.00", "order 7", statement):
        assert expected in text


def test_limits_show_what_is_used(purse: Purse) -> None:
    wallet, other = purse.wallet(150_00), purse.wallet()
    set_limits(actor=purse.actor, wallet_id=wallet.public_id, per_transaction=None, per_day=80_00, per_month=None)
    transfer_funds(
        actor=purse.actor,
        from_wallet_id=wallet.public_id,
        to_wallet_id=other.public_id,
        amount=30_00,
        currency="INR",
    )
    hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=20_00)
    movement, day, month = signed_in(purse).get(at("detail", wallet)).context["limits"]
    assert (movement.window, month.window) == (None, None)
    assert (day.label, day.own, day.window.used, day.window.remaining) == ("Today", True, 50_00, 30_00)


@pytest.mark.parametrize("role", ["owner", "admin", "finance", "support", "developer", "viewer"])
def test_who_sees_and_who_acts(purse: Purse, role: str) -> None:
    wallet, client = purse.wallet(10_00), signed_in(purse, role)
    granted = new_member(merchant=purse.merchant, role=role).role.scopes
    needed = {
        "detail": "wallets:read",
        "freeze": "wallets:write",
        "unfreeze": "wallets:write",
        "close": "wallets:write",
        "transfer": "wallets:transfer",
    }
    for name, scope in needed.items():
        assert client.get(at(name, wallet)).status_code == (200 if scope in granted else 403), name
    shown = client.get(at("detail", wallet)).content.decode()
    assert (at("freeze", wallet) in shown) == ("wallets:write" in granted)
    assert (at("transfer", wallet) in shown) == ("wallets:transfer" in granted)
    assert client.get(reverse("admin:wallet_dashboard")).status_code == 200
    assert client.get(reverse(LIST)).status_code == 200
    if "wallets:write" not in granted:
        assert client.post(at("freeze", wallet), ONCE).status_code == 403
        wallet.refresh_from_db()
        assert wallet.status == "active"


def test_strangers_find_nothing(purse: Purse) -> None:
    wallet, stranger = purse.wallet(10_00), signed_in(Purse())
    for name in ("detail", "freeze", "unfreeze", "close", "transfer"):
        assert stranger.get(at(name, wallet)).status_code == 404, name
        assert stranger.post(at(name, wallet), ONCE).status_code == 404, name
        assert Client().get(at(name, wallet)).status_code == 302
    wallet.refresh_from_db()
    assert wallet.status == "active"
    assert stranger.get(reverse(LIST)).context["cl"].queryset.count() == 0
    assert stranger.get(reverse("admin:wallet_dashboard")).context["total"] is None


def test_acts_change_the_status_once(purse: Purse) -> None:
    wallet, owner = purse.wallet(), signed_in(purse)
    for act, expected in [("freeze", "frozen"), ("unfreeze", "active"), ("close", "closed")]:
        given = {"idempotency_key": f"form-{act}-0123456789"}
        for _ in range(2):
            answer = owner.post(at(act, wallet), given)
            assert (answer.status_code, answer.headers["Location"]) == (302, at("detail", wallet))
        wallet.refresh_from_db()
        assert wallet.status == expected
        shown = owner.get(at(act, wallet))
        assert shown.context["possible"] is False
        assert f"This wallet is {expected}" in shown.content.decode()


def test_a_wallet_with_money_is_not_closed_and_the_page_says_why(purse: Purse) -> None:
    wallet = purse.wallet(5_00)
    answer = signed_in(purse).post(at("close", wallet), ONCE)
    assert answer.status_code == 409
    assert "This wallet is not empty" in answer.content.decode()
    wallet.refresh_from_db()
    assert wallet.status == "active"


def sent(to: Wallet | str, amount: str, key: str = "form-0123456789") -> dict[str, Any]:
    name = to if isinstance(to, str) else to.public_id
    return {"to_wallet": name, "amount": amount, "description": "Lunch", "idempotency_key": key}


def test_a_form_sent_twice_moves_once(purse: Purse) -> None:
    source, target, finance = purse.wallet(100_00), purse.wallet(), signed_in(purse, "finance")
    for _ in range(2):
        answer = finance.post(at("transfer", source), sent(target, "40.50"))
        assert (answer.status_code, answer.headers["Location"]) == (302, at("detail", source))
    assert (has(source), has(target)) == ((59_50, 0), (40_50, 0))
    assert WalletTransfer.objects.get().description == "Lunch"
    reused = finance.post(at("transfer", source), sent(target, "1.00"))
    assert reused.status_code == 422
    assert has(target) == (40_50, 0)


@pytest.mark.parametrize(
    ("amount", "field"), [("0", "amount"), ("-1", "amount"), ("1,000", "amount"), ("1.001", "amount"), ("", "amount")]
)
def test_what_is_no_amount_is_shown_again(purse: Purse, amount: str, field: str) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    answer = signed_in(purse).post(at("transfer", source), sent(target, amount))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert has(source) == (100_00, 0)


def test_refusals_stand_beside_their_field_and_nothing_moves(purse: Purse) -> None:
    source, target, dollars = purse.wallet(100_00), purse.wallet(), purse.wallet(currency="USD")
    foreign, owner = Purse().wallet(), signed_in(purse)
    set_limits(actor=purse.actor, wallet_id=source.public_id, per_transaction=None, per_day=90_00, per_month=None)
    refused: list[tuple[Wallet | str, str, str, str]] = [
        (target, "95.00", "amount", "Only INR 90.00 may still leave"),
        (source, "1.00", "to_wallet", "cannot send to itself"),
        (dollars, "1.00", "to_wallet", "is in USD, not INR"),
        (foreign, "1.00", "to_wallet", "no wallet with this id"),
        ("wal_1", "1.00", "to_wallet", "no wallet with this id"),
    ]
    for number, (to, amount, field, words) in enumerate(refused):
        answer = owner.post(at("transfer", source), sent(to, amount, f"form-refused-{number}"))
        assert answer.status_code >= 400
        errors = answer.context["form"].errors
        assert set(errors) == {field}
        assert words in errors[field][0]
    fund(target, 10_00)
    answer = owner.post(at("transfer", target), sent(source, "10.01", "form-too-much-1"))
    assert "Only INR 10.00 is available" in answer.context["form"].errors["amount"][0]
    assert (has(source), has(target), has(foreign)) == ((100_00, 0), (10_00, 0), (0, 0))
    assert not WalletTransfer.objects.exists()


def test_a_frozen_wallet_is_refused_with_words(purse: Purse) -> None:
    source, target, owner = purse.wallet(100_00), purse.wallet(), signed_in(purse)
    freeze_wallet(actor=purse.actor, wallet_id=target.public_id)
    answer = owner.post(at("transfer", source), sent(target, "1.00"))
    assert answer.status_code == 409
    assert f"Wallet {target.public_id} is frozen" in answer.content.decode()
    assert "This wallet is frozen" in owner.get(at("detail", target)).content.decode()
    assert owner.get(at("transfer", target)).context["possible"] is False
    out = owner.post(at("transfer", target), sent(source, "1.00", "form-out-of-frozen"))
    assert out.status_code == 409
    assert has(source) == (100_00, 0)


def test_the_list_is_searched_and_filtered(purse: Purse) -> None:
    one, _two, owner = purse.wallet(10_00), purse.wallet(currency="USD"), signed_in(purse)

    def listed(**asked: str) -> set[Any]:
        return {row.pk for row in owner.get(reverse(LIST), asked).context["cl"].queryset}

    assert len(listed()) == 2
    for term in (one.public_id, one.customer.public_id, one.account.public_id):
        assert listed(q=term) == {one.pk}
    assert listed(currency="INR", status="active") == {one.pk}
    assert listed(status="frozen") == set()
    assert at("detail", one) in owner.get(reverse(LIST)).content.decode()
    assert owner.get(reverse("admin:wallets_wallet_change", args=[one.pk])).headers["Location"] == at("detail", one)


def test_the_dashboard_adds_up_what_the_ledger_has(purse: Purse) -> None:
    one, two, gone = purse.wallet(100_00), purse.wallet(50_00), purse.wallet()
    purse.wallet(7_00, currency="USD")
    Purse().wallet(999_00)
    transfer_funds(
        actor=purse.actor, from_wallet_id=one.public_id, to_wallet_id=two.public_id, amount=30_00, currency="INR"
    )
    held = hold_funds(actor=purse.actor, wallet_id=two.public_id, amount=25_00)
    capture_hold(actor=purse.actor, wallet_id=two.public_id, hold_id=held.transfer.public_id, amount=20_00)
    hold_funds(actor=purse.actor, wallet_id=one.public_id, amount=10_00)
    freeze_wallet(actor=purse.actor, wallet_id=one.public_id)
    close_wallet(actor=purse.actor, wallet_id=gone.public_id)
    shown = signed_in(purse).get(reverse("admin:wallet_dashboard")).context
    total = shown["total"]
    assert (total.currency, total.active, total.frozen, total.closed) == ("INR", 1, 1, 1)
    assert (total.balance, total.held) == (130_00, 10_00)
    assert total.balance == sum(balance_of(each.account_id).posted for each in (one, two, gone))
    assert (shown["incoming"], shown["outgoing"], shown["between"]) == (150_00, 20_00, 30_00)
    assert shown["incoming"] - shown["outgoing"] == total.balance
    assert [(row["wallet"].pk, row["wallet"].posted) for row in shown["top"]] == [(one.pk, 70_00), (two.pk, 60_00)]
    dollars = signed_in(purse).get(reverse("admin:wallet_dashboard"), {"currency": "USD"}).context
    assert (dollars["total"].balance, dollars["incoming"]) == (7_00, 7_00)


def test_without_wallets_the_dashboard_says_so(purse: Purse) -> None:
    owner = signed_in(purse)
    answer = owner.get(reverse("admin:wallet_dashboard"))
    assert answer.status_code == 200
    assert "No wallet was ever opened here" in answer.content.decode()
    assert owner.get(reverse("admin:wallet_dashboard"), {"currency": "EUR"}).status_code == 302
    assert totals(actor=purse.actor, livemode=False) == []


def test_days_are_those_of_the_zone(purse: Purse) -> None:
    late = datetime(2026, 11, 18, 18, 31, tzinfo=UTC)
    with clock.at(late - timedelta(minutes=2)):
        wallet = purse.wallet(1_00)
    with clock.at(late):
        fund(wallet, 2_00)
    found = flows(
        actor=purse.actor,
        livemode=False,
        currency="INR",
        at=late + timedelta(days=1),
        zone=ZoneInfo("Asia/Kolkata"),
        days=3,
    )
    assert [(flow.day.day, flow.incoming) for flow in found] == [(18, 1_00), (19, 2_00), (20, 0)]


def test_bars_are_as_high_as_their_part_of_the_greatest() -> None:
    day = datetime(2026, 11, 18, tzinfo=UTC).date()
    bars = bars_of([Flow(day, 400, 100, 0), Flow(day, 0, 0, 9)])
    assert [(bar["name"], bar["y"], bar["height"]) for bar in bars] == [("in", "0.0", "100.0"), ("out", "75.0", "25.0")]


def test_the_platform_sees_the_wallets_of_all_merchants(purse: Purse) -> None:
    purse.wallet(100_00)
    Purse().wallet(11_00)
    client = Client()
    client.force_login(new_user(is_staff=True, is_superuser=True))
    shown = client.get(reverse("admin:wallet_dashboard")).context
    assert (shown["total"].active, shown["total"].balance, shown["incoming"]) == (2, 111_00, 111_00)
    assert [row["wallet"].posted for row in shown["top"]] == [100_00, 11_00]
