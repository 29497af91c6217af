"""A small world of rows, made through the services, and the people who look at it."""

from dataclasses import dataclass

from compliance.audit import sequencer
from payments.services.cancel import cancel_payment
from payments.services.refund import refund_payment
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.models import Membership, Merchant, User
from rupai.accounts.scopes import KEY_SCOPES
from rupai.accounts.services.keys import create_key
from rupai.accounts.services.roles import ensure_built_in_roles
from rupai.accounts.tests.factories import PASSWORD, new_member, new_user, owner_of
from rupai.core import dispatch
from rupai.core.models import HandlerRun
from rupai.notifications.services import deliveries
from rupai.notifications.tests.factories import endpoint_at
from tests.e2e import rare

SUPERUSER = "super@rupai.example"
OWNER = "owner@rupai.example"
APPROVER = "approver@rupai.example"
VIEWER = "viewer@rupai.example"
# What is paid, in minor units, by which of the sandbox's tokens.
PAID = [
    (129_900, "tok_visa", "INR"),
    (12_345_600, "tok_mastercard", "INR"),
    (49_900, "tok_upi_success", "INR"),
    (2_500, "tok_amex", "USD"),
    (980_000, "tok_netbanking_success", "INR"),
    (75_000, "tok_insufficient_funds", "INR"),
    (18_900, "tok_upi_wrong_pin", "INR"),
    (64_000, "tok_3ds_required", "INR"),
    (33_300, "tok_pending", "INR"),
    (1_250, "tok_rupay", "INR"),
    # For the approvals.
    *((amount, "tok_visa_in", "INR") for amount in rare.REFUND_ASKED),
]
__all__ = ["APPROVER", "OWNER", "PASSWORD", "SUPERUSER", "VIEWER", "World", "found_world", "new_world", "only_people"]


@dataclass
class World:
    """A merchant in test mode, and staff who may sign in with ``PASSWORD``."""

    shop: Shop

    @property
    def merchant(self) -> Merchant:
        return self.shop.merchant


def only_people() -> None:
    """Make the superuser and nothing else: the console of an empty database."""
    ensure_built_in_roles()
    if not User.objects.filter(email=SUPERUSER).exists():
        new_user(SUPERUSER, is_staff=True, is_superuser=True, name="Sarita Menon")


def found_world() -> Merchant | None:
    """The merchant of a world made before."""
    member = Membership.objects.select_related("merchant").filter(user__email=OWNER).first()
    return member.merchant if member is not None else None


def new_world(name: str = "Chai House") -> World:
    """Make people, payments in every common state, refunds, a key and a webhook endpoint."""
    only_people()
    shop = Shop(new_merchant(name))
    actor = owner_of(shop.merchant)
    for email, role in [(OWNER, "owner"), (APPROVER, "admin"), (VIEWER, "viewer")]:
        new_member(shop.merchant, role, email=email, is_staff=True, name=role.title())
    endpoint_at("https://example.com/hooks", actor=actor, patterns=["*"])
    create_key(actor=actor, name="Web shop", scopes=sorted(KEY_SCOPES))
    made = [
        shop.pay(amount, token=token, currency=currency, order_id=f"order-{number}", description="Tea and biscuits")
        for number, (amount, token, currency) in enumerate(PAID, 1001)
    ]
    shop.pay(58_000, capture="manual")
    cancelled = shop.pay(21_000, capture="manual")
    cancel_payment(actor=shop.actor, payment_id=cancelled.public_id)
    refund_payment(actor=shop.actor, payment_id=made[0].public_id, amount=29_900, reason="requested_by_customer")
    refund_payment(actor=shop.actor, payment_id=made[2].public_id, note="The tea was cold")
    read_log()
    rare.add_rare_rows(Membership.objects.select_related("merchant", "user").get(user__email=OWNER))
    return World(shop)


def read_log() -> None:
    """Do what worker and beat would: number and seal the events, then let every reader of the log read them."""
    while sequencer.sequence():
        pass
    dispatch.dispatch()
    for run in HandlerRun.objects.filter(state=HandlerRun.State.PENDING):
        dispatch.run(run.pk)
    deliveries.open_new()
