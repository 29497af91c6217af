"""Rows that a small world would not come by itself: one of each, so that every page has something to show."""

import uuid
from dataclasses import replace
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, SolarSchedule

from compliance.services.checks import request_check
from mcp_bridge.engine.serving import Exchange, Narrowing
from mcp_bridge.models import SpentNonce
from mcp_bridge.principals import Caller
from mcp_bridge.server import RupaiServer
from monitoring.services import heartbeats, invariants
from payments.models import Payment, PaymentMethod, RiskListEntry, RiskPolicy
from payments.models.decisions import Verdict
from payments.services.bulk_refund import request_bulk_refund
from payments.services.top_up import top_up_wallet
from payments.services.withdraw import withdraw
from rupai.accounts.models import Membership, Role, SignInFamily, User
from rupai.accounts.services import guard, tokens
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.services.customers import create_customer
from rupai.accounts.services.people import create_user, invite_member, password_token
from rupai.accounts.services.roles import save_role
from rupai.accounts.tests.factories import acting, code_of, enrol, new_agent, new_agent_key, new_member, owner_of
from rupai.approvals.services import decide, execute
from rupai.approvals.services.granting import revoke_mandate
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock, idempotency, ids
from rupai.core.actor import Actor
from rupai.core.models import DeadLetter, Event, HandlerRun
from rupai.core.money import Money
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services import schedule, sending
from tests.e2e.ports import free_port
from wallets.models import Wallet
from wallets.services import ledger
from wallets.services.fx_quotes import quote_fx
from wallets.services.fx_rates import set_rate
from wallets.services.holds import hold_funds
from wallets.services.limits import set_level_limits, set_limits
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import freeze_wallet, open_wallet

ENROLLED = "enrolled@rupai.example"
REFUND_ASKED = (4_100, 4_200, 4_300)
INVITED = "invited@rupai.example"


def add_rare_rows(member: Membership) -> None:
    """Make one of each kind at the member's merchant."""
    actor = owner_of(member.merchant)
    _people(member)
    _work(actor)
    _asked(actor)
    _exchange(actor)
    _paid_out(actor)
    _wallets(actor)
    _agents(member)
    request_check(actor=actor)
    tenant = {"merchant_id": member.merchant_id, "livemode": False, "created_at": clock.now()}
    RiskPolicy.objects.create(**tenant, currency="INR", review_over=50_000_000)
    RiskListEntry.objects.create(**tenant, kind=RiskListEntry.Kind.COUNTRY, value="XK", verdict=Verdict.BLOCK)
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    CrontabSchedule.objects.create(minute="5", hour="3")
    SolarSchedule.objects.create(event="sunrise", latitude="18.52", longitude="73.85")
    heartbeats.beat(queue="core", worker="worker@localhost")
    for outcome in invariants.check_invariants(seconds=30):
        invariants.record(outcome)


def _people(member: Membership) -> None:
    """A second factor, a sign-in that goes on with a new token, one that was ended, and one with a wrong password."""
    enrolled = new_member(member.merchant, "support", email=ENROLLED, is_staff=True)
    enrol(enrolled.user)
    invite_member(actor=owner_of(member.merchant), email=INVITED, role="viewer", name="Ravi Iyer")
    save_role(actor=owner_of(member.merchant), role=Role(name="clerk", scopes=["payments:read"]))
    tokens.refresh(token=tokens.issue(user=member.user, membership=member, livemode=False).refresh)
    tokens.issue(user=enrolled.user, membership=enrolled, livemode=False)
    tokens.revoke(SignInFamily.objects.filter(user=enrolled.user))
    guard.take(guard.subject_of_name("nobody@rupai.example"), guard.NAME)


def _asked(actor: Actor) -> None:
    """An approval that waits, one that was carried out, and one that was turned down."""
    captured = Payment.objects.filter(merchant_id=actor.merchant, amount__in=REFUND_ASKED).order_by("amount")
    decider = replace(actor, id="usr_0000000000000000000002")
    asked = [
        request_bulk_refund(
            actor=actor,
            amounts={payment.public_id: payment.refundable},
            reason="other",
            idempotency_key=f"refund-of-{payment.public_id}",
        )
        for payment in captured
    ]
    decide.approve(actor=decider, approval_id=asked[0].public_id, reason="Spoilt goods")
    execute.execute(approval_id=asked[0].public_id)
    decide.reject(actor=decider, approval_id=asked[1].public_id, reason="The customer kept them")


def _work(actor: Actor) -> None:
    """A key of a caller, a handler's run, a dead letter, and a webhook that nobody took."""
    claim = idempotency.claim(actor=actor, key="order-1001", operation="payments.create", arguments={"amount": 129_900})
    assert isinstance(claim, idempotency.Claim)
    idempotency.store(claim, idempotency.Answer(201, "application/json", b'{"amount":129900}'))
    event = Event.objects.filter(merchant_id=actor.merchant).latest("inserted")
    HandlerRun.objects.create(event=event, handler="payments.handlers.example", due_at=clock.now(), state="done")
    DeadLetter.objects.create(
        task="notifications.deliver_webhook",
        queue="notifications",
        arguments={"delivery_id": "whd_0000000000000000000001"},
        error="TimeoutError: the endpoint did not answer",
        tries=5,
        created_at=clock.now(),
    )
    _undelivered(actor)


def _exchange(actor: Actor) -> None:
    """A rate of the platform, one of the merchant's own, and a quote by it."""
    set_rate(actor=Actor.platform("rates"), base="EUR", quote="USD", rate=Decimal("1.085"))
    set_rate(actor=actor, base="USD", quote="INR", rate=Decimal("83.12"))
    quote_fx(actor=actor, from_currency="USD", to_currency="INR", amount=100_00)


def _paid_out(actor: Actor) -> None:
    """A wallet in euros that was topped up, a payout that was made, and one that came back."""
    method = PaymentMethod.objects.filter(merchant_id=actor.merchant, type="card", detached_at=None).latest(
        "created_at"
    )
    wallet = open_wallet(actor=actor, customer_id=method.customer_public_id, currency="EUR").public_id
    funds = Money(120_00, "EUR")
    top_up_wallet(actor=actor, wallet_id=wallet, money=funds, payment_method_token=method.public_id)
    for destination in ("bank_success", "bank_declined_account_closed"):
        withdraw(actor=actor, wallet_id=wallet, money=Money(45_00, "EUR"), destination=destination)


def _wallets(actor: Actor) -> None:
    """Two wallets in rupees: one with limits, a transfer and an open hold, and a frozen one."""
    method = PaymentMethod.objects.filter(merchant_id=actor.merchant, type="card", detached_at=None).latest(
        "created_at"
    )
    payee = open_wallet(actor=actor, customer_id=create_customer(actor=actor).public_id, currency="INR").public_id
    wallet = open_wallet(actor=actor, customer_id=method.customer_public_id, currency="INR").public_id
    funds = Money(2_500_00, "INR")
    top_up_wallet(actor=actor, wallet_id=wallet, money=funds, payment_method_token=method.public_id)
    set_level_limits(actor=actor, currency="INR", kyc_level=0, per_transaction=None, per_day=None, per_month=20_000_00)
    set_limits(actor=actor, wallet_id=wallet, per_transaction=1_000_00, per_day=2_000_00, per_month=None)
    transfer_funds(actor=actor, from_wallet_id=wallet, to_wallet_id=payee, amount=640_00, currency="INR")
    hold_funds(actor=actor, wallet_id=wallet, amount=199_00, reference="order-1020")
    freeze_wallet(actor=actor, wallet_id=payee)
    _burn(wallet, payee)


def _burn(wallet: str, payee: str) -> None:
    """Let the ledger refuse more than a wallet has, which burns the id of the transfer."""
    rich, other = Wallet.objects.named(wallet), Wallet.objects.named(payee)
    wish = ledger.NewTransfer(
        id=ids.new_key(),
        debit_account=rich.account_id,
        credit_account=other.account_id,
        amount=10_000_000_00,
        kind="transfer",
        reference=wallet,
    )
    with transaction.atomic():
        ledger.post_transfers(transfers=[wish], at=clock.now(), refuse=False)


def _agents(member: Membership) -> None:
    """An agent with a key that moved money under its mandate, a mandate that was revoked, and a killed agent."""
    agent, killed = new_agent(member), new_agent(member)
    new_agent_key(agent)
    limits = {"EUR": {"transaction": 20_00, "day": 50_00, "total": 200_00}}
    new_mandate(agent, limits, approval_over={"EUR": 10_00})
    owner = owner_of(member.merchant)
    revoke_mandate(actor=owner, mandate_id=new_mandate(agent).public_id)
    kill_agent(actor=owner, agent_id=killed.public_id)
    purse = Wallet.objects.get(merchant_id=member.merchant_id, currency="EUR")
    payee = open_wallet(actor=owner, customer_id=create_customer(actor=owner).public_id, currency="EUR")
    transfer_funds(
        actor=acting(agent),
        from_wallet_id=purse.public_id,
        to_wallet_id=payee.public_id,
        amount=2_50,
        currency="EUR",
    )
    exchange = Exchange("2026-07-28", client="world", narrowing=Narrowing())
    RupaiServer().call(Caller(acting(agent)), "get_agent_mandate", {}, exchange)
    SpentNonce.objects.create(nonce=uuid.uuid4().hex, expires_at=clock.now())


def _undelivered(actor: Actor) -> None:
    """A delivery that failed and is tried again later, and one that was given up."""
    later, given_up = WebhookDelivery.objects.filter(endpoint__merchant_id=actor.merchant).order_by("pk")[:2]
    # Nobody listens there, so each attempt fails at once.
    later.endpoint.url = f"http://127.0.0.1:{free_port()}/hooks"
    later.endpoint.save(update_fields=["url"])
    sending.deliver(later.pk)
    given_up.tries = schedule.MOST_TRIES - 1
    given_up.save(update_fields=["tries"])
    sending.deliver(given_up.pk)
    given_up.refresh_from_db()
    assert given_up.state == WebhookDelivery.State.FAILED


def invited() -> tuple[str, str]:
    """The two parts of an invitation's address, for somebody who has no password yet."""
    return password_token(create_user(email=INVITED))


def pending_code(email: str) -> str:
    """What the app shows of somebody who is just setting up a second factor."""
    return code_of(User.objects.get(email=email))
