"""Ready-made access to a merchant in test mode: an admin with a random password, an API key, and an agent."""

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from rupai.accounts.models import Agent, Membership, Merchant, User
from rupai.accounts.scopes import AGENT_SCOPES, KEY_SCOPES, MONEY_SCOPES
from rupai.accounts.services import agent_keys, agents, keys, merchants, people, roles
from rupai.approvals.services.granting import grant_mandate
from rupai.core import clock, locks
from rupai.core.actor import Actor
from rupai.core.errors import Conflict

DEMO_MERCHANT = "Demo Merchant"
FIRST_ADMIN = "admin@rupai.example"
FIRST_AGENT = "First agent"
# What the first agent may move of test money, in minor units, and above what it has to ask.
_LIMITS = {code: {"transaction": 50_000_00, "day": 200_000_00} for code in ("INR", "USD", "EUR")}
_ASKS_OVER = dict.fromkeys(_LIMITS, 10_000_00)


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials that exist only in this value; ``renewed`` when there were others for this merchant before."""

    merchant: str
    admin_user: str
    admin_password: str
    api_key: str
    agent_key: str
    renewed: bool


def merchant_named(name: str) -> Merchant | None:
    """The merchant of this name, in any case of letters."""
    found: Merchant | None = Merchant.objects.filter(name__iexact=name).first()
    return found


def open_platform() -> Access:
    """Open the demo merchant, with a superuser who also owns it."""
    with transaction.atomic():
        merchant, renewed = _merchant(DEMO_MERCHANT)
        return _access(merchant, FIRST_ADMIN, superuser=True, renewed=renewed)


def open_merchant(*, name: str) -> Access:
    """Open a further merchant, with an admin of the console who owns this one only and needs no second factor.

    :raises Conflict: when the admin's name belongs to somebody with a place elsewhere.
    """
    with transaction.atomic():
        merchant, renewed = _merchant(name)
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "merchant"
        email = f"admin@{slug}-{merchant.public_id[-6:].lower()}.example"
        if Membership.objects.filter(user__email=email).exclude(merchant=merchant).exists():
            raise Conflict(f"{email} has a place at another merchant")
        return _access(merchant, email, superuser=False, renewed=renewed)


def write_private(path: Path, access: Access) -> None:
    """Write credentials as JSON, whole or not at all, readable by the owner only."""
    content = {
        "console_url": f"{settings.BASE_URL}/admin/",
        "admin_user": access.admin_user,
        "admin_password": access.admin_password,
        "api_url": f"{settings.BASE_URL}/api/v1",
        "api_key": access.api_key,
        "mcp_url": f"{settings.BASE_URL}/mcp",
        "agent_key": access.agent_key,
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _merchant(name: str) -> tuple[Merchant, bool]:
    if not locks.try_single_writer("accounts.demo"):
        raise Conflict("Credentials are being made by another process")
    found = merchant_named(name)
    return found or merchants.create_merchant(actor=Actor.platform("bootstrap"), name=name), found is not None


def _access(merchant: Merchant, email: str, *, superuser: bool, renewed: bool) -> Access:
    actor = Actor.platform("bootstrap", merchant_id=merchant.pk)
    password = secrets.token_urlsafe(18)
    user = people.create_user(email=email)
    user.is_staff, user.is_superuser, user.second_factor_waived = True, superuser, not superuser
    user.set_password(password)
    user.save()
    if not Membership.objects.filter(user=user, merchant=merchant).exists():
        people.invite_member(actor=actor, email=email, role=roles.OWNER)
    made = keys.create_key(actor=actor, name="First key", scopes=sorted(KEY_SCOPES))
    return Access(merchant.name, email, password, made.secret, _agent_key(actor, user), renewed)


def _agent_key(actor: Actor, owner: User) -> str:
    """A key of the merchant's first agent, which is made with a mandate where there is none that runs."""
    running = Agent.objects.visible_to(actor).filter(name=FIRST_AGENT, state=Agent.State.ACTIVE).order_by("pk")
    agent = next((each for each in running if each.is_running(clock.now())), None)
    if agent is None:
        agent = agents.create_agent(
            actor=actor,
            name=FIRST_AGENT,
            purpose="Made with the merchant, to try things out in test mode",
            scopes=sorted(AGENT_SCOPES),
            owner_id=owner.public_id,
        )
        grant_mandate(
            actor=actor,
            agent_id=agent.public_id,
            scopes=sorted(MONEY_SCOPES),
            limits=_LIMITS,
            approval_over=_ASKS_OVER,
        )
    return agent_keys.create_agent_key(actor=actor, agent_id=agent.public_id).secret
