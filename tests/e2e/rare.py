"""Rows that a small world would not come by itself: one of each, so that every page has something to show."""

import uuid
from dataclasses import replace

from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, SolarSchedule

from compliance.services.checks import request_check
from monitoring.services import heartbeats, invariants
from payments.models import Payment, RiskListEntry, RiskPolicy
from payments.models.decisions import Verdict
from payments.services.bulk_refund import request_bulk_refund
from rupai.accounts.models import Membership, Role, SignInFamily, User
from rupai.accounts.services import tokens
from rupai.accounts.services.people import create_user, invite_member, password_token
from rupai.accounts.services.roles import save_role
from rupai.accounts.tests.factories import code_of, enrol, new_member, owner_of
from rupai.approvals.services import decide, execute
from rupai.core import clock, idempotency
from rupai.core.actor import Actor
from rupai.core.models import DeadLetter, Event, HandlerRun
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services import sending
from tests.e2e.ports import free_port
from wallets.models import BurntId

ENROLLED = "enrolled@rupai.example"
REFUND_ASKED = (4_100, 4_200, 4_300)
INVITED = "invited@rupai.example"


def add_rare_rows(member: Membership) -> None:
    """Make one of each kind at the member's merchant."""
    actor = owner_of(member.merchant)
    _people(member)
    _work(actor)
    _asked(actor)
    request_check(actor=actor)
    tenant = {"merchant_id": member.merchant_id, "livemode": False, "created_at": clock.now()}
    RiskPolicy.objects.create(**tenant, currency="INR", review_over=50_000_000)
    RiskListEntry.objects.create(**tenant, kind=RiskListEntry.Kind.COUNTRY, value="XK", verdict=Verdict.BLOCK)
    BurntId.objects.create(id=uuid.uuid4(), result="insufficient_funds", created_at=clock.now())
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    CrontabSchedule.objects.create(minute="5", hour="3")
    SolarSchedule.objects.create(event="sunrise", latitude="18.52", longitude="73.85")
    heartbeats.beat(queue="core", worker="worker@localhost")
    for outcome in invariants.check_invariants(seconds=30):
        invariants.record(outcome)


def _people(member: Membership) -> None:
    """A second factor, a sign-in that goes on with a new token, and one that was ended."""
    enrolled = new_member(member.merchant, "support", email=ENROLLED, is_staff=True)
    enrol(enrolled.user)
    invite_member(actor=owner_of(member.merchant), email=INVITED, role="viewer", name="Ravi Iyer")
    save_role(actor=owner_of(member.merchant), role=Role(name="clerk", scopes=["payments:read"]))
    tokens.refresh(token=tokens.issue(user=member.user, membership=member, livemode=False).refresh)
    tokens.issue(user=enrolled.user, membership=enrolled, livemode=False)
    tokens.revoke(SignInFamily.objects.filter(user=enrolled.user))


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
    delivery = WebhookDelivery.objects.filter(endpoint__merchant_id=actor.merchant).first()
    assert delivery is not None
    # Nobody listens there, so the attempt fails at once and is tried again later.
    delivery.endpoint.url = f"http://127.0.0.1:{free_port()}/hooks"
    delivery.endpoint.save(update_fields=["url"])
    sending.deliver(delivery.pk)


def invited() -> tuple[str, str]:
    """The two parts of an invitation's address, for somebody who has no password yet."""
    return password_token(create_user(email=INVITED))


def pending_code(email: str) -> str:
    """What the app shows of somebody who is just setting up a second factor."""
    return code_of(User.objects.get(email=email))
