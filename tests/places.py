"""A merchant with one of everything that has an address, and the means to see that nothing of it changed."""

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from payments.providers import registry
from payments.providers.sandbox import SandboxConnector
from payments.sandbox.acquirer import Acquirer
from payments.sandbox.journal import MemoryJournal
from payments.sandbox.local import InProcess
from payments.tests.factories import Shop, new_merchant, new_method
from rupai.accounts.models import ApiKeyUse, Membership, Role
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.services.customers import create_customer
from rupai.accounts.services.keys import NewKey, create_key
from rupai.accounts.tests.factories import access_token, new_agent, new_agent_key, new_member, owner_of
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock
from rupai.core.models import Event
from rupai.notifications.tests.factories import endpoint_at, number_all, opened
from wallets.models import Transfer, Wallet
from wallets.services.fx_quotes import quote_fx
from wallets.services.fx_rates import set_rate
from wallets.services.holds import hold_funds
from wallets.services.limits import set_level_limits
from wallets.services.wallets import freeze_wallet, open_wallet
from wallets.tests.factories import fund

ADDRESS = "https://example.com/hooks"
# Noted when a key is used, whatever the request.
_USE_OF_A_KEY = ["last_used_at", "last_used_address"]


@contextmanager
def sandbox_in_process() -> Iterator[None]:
    """Answer the connector named ``sandbox`` from this process."""
    transport = InProcess(Acquirer(journal=MemoryJournal(), now=clock.now))
    registry.register("sandbox", lambda config: SandboxConnector(config, transport))
    with override_settings(SANDBOX_URL="http://127.0.0.1:1"):
        yield
    registry.register("sandbox", SandboxConnector)


class Place:
    """A merchant in test mode with an owner, keys, payments in several states, and what follows from them."""

    def __init__(self, name: str = "Chai House") -> None:
        self.shop = Shop(new_merchant(name))
        self.merchant, self.actor = self.shop.merchant, owner_of(self.shop.merchant)
        self.owner = new_member(merchant=self.merchant)
        self.token = access_token(self.owner)
        self.names = self._names()

    def _names(self) -> dict[str, str]:
        """The public id of a row for each name that stands in an address."""
        endpoint = endpoint_at(ADDRESS, actor=self.actor, patterns=["*"])
        captured, refundable = self.shop.pay(), self.shop.pay()
        authorized = self.shop.pay(capture="manual")
        number_all()
        event = Event.objects.filter(subject_id=captured.public_id).earliest("inserted")
        transfer = Transfer.objects.filter(reference=captured.public_id).first()
        assert transfer is not None
        viewer = new_member(merchant=self.merchant, role="viewer")
        return {
            "payment_id": refundable.public_id,
            "authorized_id": authorized.public_id,
            "waiting_id": self.waiting_payment(),
            "refund_id": str(self.post(f"payments/{captured.public_id}/refunds", {"amount": 100})["refund_id"]),
            "customer_id": self.shop.customer.public_id,
            "payment_method_token": self.method(),
            "account_id": transfer.debit_account.public_id,
            "transfer_id": transfer.public_id,
            **self._wallets(),
            **self._agents(),
            "event_id": event.public_id,
            "user_id": viewer.user.public_id,
            "key_id": self.key().key.public_id,
            "endpoint_id": endpoint.public_id,
            "delivery_id": opened(event, endpoint).public_id,
        }

    def _wallets(self) -> dict[str, str]:
        """A wallet with dollars of which one is held, others to send to, and what was made with them."""
        dollars, rupees = self.two_wallets()
        payee, frozen = (self.new_wallet() for _ in range(2))
        freeze_wallet(actor=self.actor, wallet_id=frozen)
        hold = hold_funds(actor=self.actor, wallet_id=dollars.public_id, amount=1_00)
        none = {"per_transaction": None, "per_day": None, "per_month": None}
        level = set_level_limits(actor=self.actor, currency="INR", kyc_level=0, **none)
        return {
            "wallet_id": dollars.public_id,
            "to_wallet_id": rupees.public_id,
            "payee_id": payee,
            "frozen_id": frozen,
            "hold_id": hold.transfer.public_id,
            "limits_id": level.public_id,
            "rate_id": self.rate(),
            "quote_id": self.quote(),
            "payout_id": self.payout(dollars.public_id),
        }

    def _agents(self) -> dict[str, str]:
        """An agent with a key and a mandate, and one that was stopped."""
        agent, killed = (new_agent(self.owner) for _ in range(2))
        kill_agent(actor=self.actor, agent_id=killed.public_id)
        return {
            "agent_id": agent.public_id,
            "killed_id": killed.public_id,
            "agent_key_id": new_agent_key(agent).key.public_id,
            "mandate_id": new_mandate(agent).public_id,
        }

    def method(self) -> str:
        return new_method(self.shop.actor, self.shop.customer).public_id

    def new_wallet(self) -> str:
        """Another customer's empty wallet of dollars."""
        customer = create_customer(actor=self.actor)
        return open_wallet(actor=self.actor, customer_id=customer.public_id, currency="USD").public_id

    def two_wallets(self) -> tuple[Wallet, Wallet]:
        """The customer's wallets: 100.00 dollars, and no rupees."""
        dollars, rupees = (
            open_wallet(actor=self.actor, customer_id=self.shop.customer.public_id, currency=code)
            for code in ("USD", "INR")
        )
        fund(dollars, 100_00)
        return dollars, rupees

    def rate(self) -> str:
        """A rate from dollars into rupees."""
        return set_rate(actor=self.actor, base="USD", quote="INR", rate=Decimal("83.12")).public_id

    def quote(self) -> str:
        """A quote for one dollar."""
        return quote_fx(actor=self.actor, from_currency="USD", to_currency="INR", amount=1_00).public_id

    def exchange(self) -> dict[str, str]:
        """The body of an exchange out of the dollars."""
        return {"quote_id": self.quote(), "to_wallet_id": self.names["to_wallet_id"]}

    def top_up(self) -> dict[str, Any]:
        """The body of a top-up of the dollars."""
        return {
            "amount": 1_00,
            "currency": "USD",
            "source": {"type": "saved_method", "payment_method_token": self.method()},
        }

    def payout(self, wallet_id: str) -> str:
        """A dollar that was paid out of a wallet."""
        body = {"amount": 1_00, "currency": "USD", "destination": "bank_success"}
        return str(self.post(f"wallets/{wallet_id}/withdrawals", body)["payout_id"])

    def waiting_payment(self) -> str:
        """A payment that waits for its payment method."""
        body = {name: value for name, value in self.wish().items() if name != "payment_method_token"}
        return str(self.post("payments", body)["payment_id"])

    def post(self, path: str, body: Any) -> dict[str, Any]:
        answer = call("POST", f"/api/v1/{path}", body, bearer=self.token, Idempotency_Key=new_once())
        assert answer.status_code == 201, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def key(self, *, scopes: list[str] | None = None) -> NewKey:
        wanted = ["payments:read"] if scopes is None else scopes
        return create_key(actor=self.actor, name="Shop", scopes=wanted)

    def member_who_may(self, scopes: set[str]) -> Membership:
        """A member whose own role has exactly these scopes."""
        member = new_member(merchant=self.merchant)
        member.role = Role.objects.create(merchant=self.merchant, name=secrets.token_hex(6), scopes=sorted(scopes))
        member.save(update_fields=["role"])
        return member

    def wish(self, **changed: Any) -> dict[str, Any]:
        """The body of a new payment."""
        body = {
            "amount": 10_000,
            "currency": "INR",
            "method": "card",
            "customer_id": self.shop.customer.public_id,
            "payment_method_token": self.method(),
        }
        return {**body, **changed}


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address below these patterns, as it is written in ``urls.py``."""
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        else:
            yield here


def new_once() -> str:
    """A fresh Idempotency-Key; hexadecimal with a letter in front is never a card number."""
    return f"once-{secrets.token_hex(12)}"


def call(verb: str, path: str, body: Any = None, *, bearer: str | None = None, **headers: str) -> Any:
    """Call the REST door from an address of its own, so that wrong keys of other tests do not count here."""
    caller = APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps({} if body is None else body) if verb in {"POST", "PATCH", "PUT"} else ""
    return caller.generic(verb, path, content, content_type="application/json", headers=given)


def check_problem(answer: HttpResponse, status: int, code: str | None = None) -> dict[str, Any]:
    """Assert that an answer is a whole problem document, and give it back."""
    assert answer.status_code == status, answer.content[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.content)
    assert {"type", "title", "status", "code", "detail", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["type"] == f"urn:rupai:problem:{problem['code']}"
    assert problem["title"] != "Error"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.content.decode()
    assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & answer.headers.keys()
    if code is not None:
        assert problem["code"] == code
    return problem


def contents() -> dict[str, tuple[int, int]]:
    """The number of rows of each of our tables, and a digest of all that stands in them."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.app_label not in {"contenttypes", "sessions"}
        # Who used a key when is noted whether or not the key may do what it asks for.
        and model is not ApiKeyUse
    ]
    without = "".join(f" - '{column}'" for column in _USE_OF_A_KEY)
    digest = f"coalesce(sum(hashtextextended((to_jsonb(t){without})::text, 0)), 0)"
    parts = [f"SELECT '{table}', count(*), {digest} FROM {connection.ops.quote_name(table)} t" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {name: (count, int(total)) for name, count, total in cursor.fetchall()}
