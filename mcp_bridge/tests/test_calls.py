"""Calls of tools by an agent: done once, refused by name, put before a person; and each of them written down."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mcp_bridge.engine.serving import Exchange, Narrowing, NotThere, ToolResult
from mcp_bridge.engine.wire import RpcError
from mcp_bridge.models import AgentCall, Verdict
from mcp_bridge.principals import Caller
from mcp_bridge.registry import Tier, toolbox
from mcp_bridge.server import RupaiServer
from payments.models import Payment, Refund
from payments.tests.agents import AgentShop
from payments.tests.factories import new_merchant, new_method
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.tests.factories import acting, new_member
from rupai.accounts.tests.factories import actor_of as person_of
from rupai.approvals.models import Approval
from rupai.approvals.services.decide import approve
from rupai.approvals.services.execute import execute
from rupai.approvals.tests.factories import new_mandate
from rupai.core.models import Event
from tests.places import contents, sandbox_in_process
from wallets.models import WalletTransfer
from wallets.selectors import balance_of
from wallets.tests.factories import fund

pytestmark = pytest.mark.django_db
MONEY_TOOLS = [tool.name for tool in toolbox.all() if tool.tier is Tier.MONEY]


@pytest.fixture(autouse=True)
def sandbox() -> Iterator[None]:
    with sandbox_in_process():
        yield


@pytest.fixture
def shop() -> AgentShop:
    """A shop whose agent may move 1,000.00 rupees in all."""
    shop = AgentShop()
    new_mandate(shop.agent)
    return shop


def call(shop: AgentShop, tool: str, arguments: dict[str, Any], **how: Any) -> ToolResult:
    exchange = Exchange("2026-07-28", client="tests", narrowing=Narrowing(**how))
    return RupaiServer().call(Caller(acting(shop.agent)), tool, arguments, exchange)


def told(result: ToolResult) -> dict[str, Any]:
    """The structured value, or what an error says."""
    found: dict[str, Any] = json.loads(result.content[0]["text"])
    assert result.is_error or result.structured == found
    return found


def pay(shop: AgentShop, amount: Any = 40_00, *, key: str = "order-1001", **more: Any) -> dict[str, Any]:
    """The arguments of a payment with the customer's saved card."""
    method = shop.customer.payment_methods.filter(type="card").first() or new_method(shop.actor, shop.customer)
    return {
        "amount": amount,
        "currency": "INR",
        "method": "card",
        "customer_id": shop.customer.public_id,
        "payment_method_token": method.public_id,
        "idempotency_key": key,
        **more,
    }


def test_a_payment_is_taken_told_and_written_down(shop: AgentShop) -> None:
    found = told(call(shop, "create_payment", pay(shop)))
    assert (found["status"], found["amount"], found["risk"]["decision"]) == ("captured", 40_00, "allow")
    assert found["route"]["provider"] == "sandbox"
    row = AgentCall.objects.get()
    assert (row.tool, row.verdict, row.subject) == ("create_payment", Verdict.DONE, found["payment_id"])
    event = Event.objects.get(type="tool.called")
    assert (event.actor, event.data["arguments_digest"]) == (shop.agent.public_id, row.digest)
    assert "order-1001" not in json.dumps(event.data)


def test_a_retry_gets_the_same_ids_and_moves_nothing(shop: AgentShop) -> None:
    first = told(call(shop, "create_payment", pay(shop)))
    again = told(call(shop, "create_payment", pay(shop)))
    assert (again["payment_id"], again["idempotent_replay"]) == (first["payment_id"], True)
    assert Payment.objects.count() == 1
    assert list(AgentCall.objects.order_by("pk").values_list("replayed", flat=True)) == [False, True]


def test_a_key_that_stands_for_another_wish_is_refused(shop: AgentShop) -> None:
    call(shop, "create_payment", pay(shop))
    result = call(shop, "create_payment", pay(shop, 41_00))
    assert (result.is_error, told(result)["code"]) == (True, "idempotency_key_reused")
    assert Payment.objects.count() == 1


def test_without_a_key_no_money_tool_begins(shop: AgentShop) -> None:
    arguments = pay(shop)
    del arguments["idempotency_key"]
    found = told(call(shop, "create_payment", arguments))
    assert found["code"] == "invalid_input"
    assert "retry" in found["errors"][0]["hint"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize("amount", [100.0, "100", True, None, 0, -1, 2**53])
@pytest.mark.parametrize("tool", MONEY_TOOLS)
def test_an_amount_is_a_whole_number_of_minor_units(shop: AgentShop, tool: str, amount: Any) -> None:
    arguments = {**_arguments(shop, tool), "amount": amount}
    before = contents()
    found = told(call(shop, tool, arguments))
    assert found["code"] == "invalid_input"
    [problem] = [each for each in found["errors"] if each["pointer"] == "/amount"]
    if type(amount) in {float, str, bool}:
        assert "100.00" in problem["hint"]
    after = contents()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {"mcp_bridge_agentcall", "core_event"}


def _arguments(shop: AgentShop, tool: str) -> dict[str, Any]:
    paid = "pay_0351ggHX7jlrBr1d4iUMZL"
    wallets = {"from_wallet_id": shop.wallet.public_id, "to_wallet_id": shop.other.public_id}
    key = {"idempotency_key": "wish-0001"}
    return {
        "create_payment": pay(shop),
        "capture_payment": {"payment_id": paid, **key},
        "refund_payment": {"payment_id": paid, "reason": "other", **key},
        "transfer_funds": {**wallets, "currency": "INR", **key},
        "top_up_wallet": {
            "wallet_id": shop.wallet.public_id,
            "currency": "INR",
            "source": {"type": "saved_method", "payment_method_token": "pm_0351ggHX7jlrBr1d4iUMZL"},
            **key,
        },
    }[tool]


def test_more_than_the_mandate_is_denied_with_its_reason(shop: AgentShop) -> None:
    result = call(shop, "create_payment", pay(shop, 1_000_01))
    found = told(result)
    assert (result.is_error, found["code"], found["reason"]) == (True, "mandate_refused", "over_total")
    assert found["remaining"] == [{"window": "total", "amount": 1_000_00, "currency": "INR"}]
    assert (AgentCall.objects.get().verdict, AgentCall.objects.get().code) == (Verdict.DENIED, "over_total")
    assert not Payment.objects.exists()


def test_a_killed_agent_moves_nothing_even_in_a_call_under_way(shop: AgentShop) -> None:
    caller, arguments = Caller(acting(shop.agent)), pay(shop)
    kill_agent(actor=shop.person, agent_id=shop.agent.public_id)
    found = told(RupaiServer().call(caller, "create_payment", arguments, Exchange("2026-07-28")))
    assert found["reason"] == "agent_killed"
    assert not Payment.objects.exists()


def test_above_its_limit_a_wish_waits_for_a_person_and_is_carried_out_once() -> None:
    shop = AgentShop()
    new_mandate(shop.agent, approval_over={"INR": 30_00})
    arguments = pay(shop)
    found = told(call(shop, "create_payment", arguments))
    assert (found["status"], found["policy"]["reason"]) == ("pending_approval", "over_approval_limit")
    assert found["policy"]["approval_url"].endswith(f"/admin/approvals/{found['policy']['approval_id']}/")
    assert not Payment.objects.exists()
    assert told(call(shop, "create_payment", arguments))["policy"] == found["policy"]
    asked = {"approval_id": found["policy"]["approval_id"]}
    assert told(call(shop, "get_approval", asked))["status"] == "pending"
    approve(actor=person_of(new_member(shop.merchant, "admin")), **asked)
    execute(**asked)
    execute(**asked)
    done = told(call(shop, "get_approval", asked))
    [payment] = Payment.objects.all()
    assert (done["status"], done["result"]["result"]["payment_id"]) == ("executed", payment.public_id)
    assert (payment.status, payment.created_by) == ("captured", shop.agent.public_id)


def test_a_dry_run_tells_everything_and_writes_only_that_it_was_asked(shop: AgentShop) -> None:
    arguments = pay(shop, dry_run=True)
    before = contents()
    found = told(call(shop, "create_payment", arguments))
    assert (found["status"], found["policy"]["outcome"], found["risk"]["decision"]) == ("dry_run", "allowed", "allow")
    assert found["route"]["provider"] == "sandbox"
    after = contents()
    assert {name for name in after if after[name] != before[name]} == {"mcp_bridge_agentcall", "core_event"}
    # The key was not used up by looking.
    assert told(call(shop, "create_payment", pay(shop)))["status"] == "captured"


def test_a_decline_is_an_answer_and_is_kept_for_a_retry(shop: AgentShop) -> None:
    method = new_method(shop.actor, shop.customer, "tok_insufficient_funds")
    arguments = pay(shop, payment_method_token=method.public_id)
    found = told(call(shop, "create_payment", arguments))
    assert (found["status"], found["failure"]["code"]) == ("failed", "insufficient_funds")
    assert told(call(shop, "create_payment", arguments))["payment_id"] == found["payment_id"]
    assert AgentCall.objects.filter(verdict=Verdict.DECLINED).count() == 2


def test_a_refund_a_capture_and_a_transfer(shop: AgentShop) -> None:
    held = told(call(shop, "create_payment", pay(shop, capture="manual")))
    taken = told(call(shop, "capture_payment", {"payment_id": held["payment_id"], "idempotency_key": "capture-1"}))
    assert (held["status"], taken["status"]) == ("authorized", "captured")
    given = {"payment_id": held["payment_id"], "amount": 15_00, "reason": "duplicate", "idempotency_key": "refund-1"}
    refunded = told(call(shop, "refund_payment", given))
    assert (refunded["status"], refunded["refundable_after"]) == ("succeeded", 25_00)
    assert Refund.objects.get().amount == 15_00
    status = told(call(shop, "get_payment_status", {"payment_id": held["payment_id"]}))
    assert status["status"] == "partially_refunded"
    moved = {"from_wallet_id": shop.wallet.public_id, "to_wallet_id": shop.other.public_id, "amount": 5_00}
    fund(shop.wallet, 20_00)
    before = balance_of(shop.other.account_id).available
    sent = told(call(shop, "transfer_funds", {**moved, "currency": "INR", "idempotency_key": "send-0001"}))
    assert sent["status"] == "posted"
    assert (balance_of(shop.other.account_id).available - before, WalletTransfer.objects.count()) == (5_00, 1)


def test_what_is_read_follows_its_rows(shop: AgentShop) -> None:
    assert told(call(shop, "list_payments", {}))["payments"] == []
    made = told(call(shop, "create_payment", pay(shop)))
    assert [each["payment_id"] for each in told(call(shop, "list_payments", {}))["payments"]] == [made["payment_id"]]
    assert told(call(shop, "list_payments", {"status": "failed"}))["payments"] == []
    wallets = told(call(shop, "get_wallet_balance", {"customer_id": shop.customer.public_id}))["wallets"]
    assert [each["available"] for each in wallets] == [balance_of(shop.wallet.account_id).available]
    limits = told(call(shop, "get_agent_mandate", {}))["mandates"][0]["limits"]
    assert limits == [{"window": "total", "max": 1_000_00, "used": 40_00, "currency": "INR"}]
    routing = told(call(shop, "explain_routing", {"amount": 100, "currency": "INR", "method": "card"}))
    assert (routing["chosen"], routing["considered"][0]["sample_size"]) == ("sandbox", 1)
    assert routing["considered"][0]["success_rate"] == 1.0
    verified = told(call(shop, "verify_payment", {"payment_id": made["payment_id"]}))
    assert (verified["verified"], verified["discrepancies"]) == (True, [])


def test_pages_of_a_list_hold_each_payment_once(shop: AgentShop) -> None:
    names = {shop.pay(1_00 + number).public_id for number in range(7)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = told(call(shop, "list_payments", {"limit": 3, **cursor}))
        seen += [each["payment_id"] for each in page["payments"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert (len(seen), set(seen)) == (7, names)
    found = told(call(shop, "list_payments", {"cursor": "A" * 43}))
    assert found["code"] == "invalid_page"


def test_a_missing_scope_is_told_by_http(shop: AgentShop) -> None:
    shop.agent.scopes = ["payments:read"]
    shop.agent.save()
    with pytest.raises(RpcError) as refused:
        call(shop, "create_payment", pay(shop))
    assert refused.value.status == 403
    assert 'scope="payments:write"' in refused.value.headers["WWW-Authenticate"]
    assert AgentCall.objects.get().code == "scope_missing"


def test_an_address_that_only_reads_lets_nothing_be_written(shop: AgentShop) -> None:
    with pytest.raises(RpcError):
        call(shop, "create_payment", pay(shop), read_only=True)
    assert not Payment.objects.exists()


def test_an_unknown_tool_is_written_down_too(shop: AgentShop) -> None:
    with pytest.raises(NotThere):
        call(shop, "drop_tables", {})
    assert (AgentCall.objects.get().tool, AgentCall.objects.get().code) == ("drop_tables", "unknown_tool")


def test_texts_of_customers_hide_nothing(shop: AgentShop) -> None:
    hidden = "Tea\u200b\U000e0041 and\u202e biscuits"
    made = told(call(shop, "create_payment", pay(shop, description=hidden)))
    assert made["description"] == "Tea and biscuits"


def test_another_merchants_agent_sees_nothing_of_it(shop: AgentShop) -> None:
    made = told(call(shop, "create_payment", pay(shop)))
    stranger = AgentShop(new_merchant("Other House"))
    assert told(call(stranger, "get_payment_status", {"payment_id": made["payment_id"]}))["code"] == "not_found"
    assert told(call(stranger, "list_payments", {}))["payments"] == []
    assert not Approval.objects.exists()
