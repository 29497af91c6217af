"""One id ties a request to its tasks and their events, and no secret is in any log."""

import json
from typing import Any

import pytest
import urllib3

from payments.services.accounts import SANDBOX_KEY
from rupai.core.models import Event
from tests.live import LiveShop, Stack, open_shop, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ASKED = "the-request-that-asked"


def lines(stack: Stack, name: str) -> list[dict[str, Any]]:
    """The JSON lines of a process's log."""
    text = (stack.folder / f"{name}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def call(shop: LiveShop, method: str, path: str, body: Any = None, **headers: str) -> Any:
    stack = shop.stack
    answer = stack.http.request(
        method, f"{stack.url}/api/v1{path}", json=body, headers={"Authorization": f"Bearer {shop.key}", **headers}
    )
    return answer.json(), answer.headers


def start_web(stack: Stack) -> None:
    # As `up` and the containers do: daphne's own access log would write query strings.
    words = ["-v", "0", "-b", "127.0.0.1", "-p", str(stack.web_port), "rupai.asgi:application"]
    stack.start("web", "-m", "daphne", *words, LOG_LEVEL="INFO")
    wait_until(lambda: answers(f"{stack.url}/health"), what=stack.log_of("web"))


def answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=1.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def start_worker(stack: Stack) -> None:
    words = ["-Q", "payments", "-c", "1", "--without-gossip", "--without-mingle"]
    stack.start("worker", "-m", "celery", "-A", "rupai", "worker", *words, LOG_LEVEL="INFO")
    # The whole log: work that earlier tests left in the queue is told of right after that line.
    log = stack.folder / "worker.log"
    wait_until(lambda: "ready." in log.read_text(errors="replace"), what="the worker does not start")


def test_one_id_from_request_to_task_to_event(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    start_web(own_stack)
    start_worker(own_stack)
    shop = open_shop(own_stack)
    once = {"Idempotency-Key": "correlation-0001"}
    made, headers = call(shop, "POST", "/payments", shop.wish(10_000, token="tok_timeout_after"), **once)
    assert made["status"] == "processing"
    first_id = headers["X-Request-Id"]

    read, headers = call(shop, "GET", f"/payments/{made['payment_id']}", **{"X-Request-Id": ASKED})
    assert headers["X-Request-Id"] == ASKED
    captured = Event.objects.filter(subject_id=made["payment_id"], type="payment.captured")
    wait_until(captured.exists, what=own_stack.log_of("worker"))

    created = Event.objects.get(subject_id=made["payment_id"], type="payment.created")
    assert created.correlation_id == first_id != ASKED
    # A look at the open payment made a task, which asked the provider and told of the success.
    assert captured.get().correlation_id == ASKED
    assert [line["path"] for line in lines(own_stack, "web") if line.get("correlation_id") == ASKED] == [
        f"/api/v1/payments/{read['payment_id']}"
    ]
    no_secret_in_the_logs(shop)


def no_secret_in_the_logs(shop: LiveShop) -> None:
    password = "correct horse battery staple"
    call(shop, "POST", "/auth/token", {"email": "asha@example.in", "password": password})
    call(shop, "GET", f"/payments?key={shop.key}")
    text = "".join((shop.stack.folder / f"{name}.log").read_text() for name in ("web", "worker"))
    assert "/api/v1/auth/token" in text
    for secret in (shop.key, password, SANDBOX_KEY + shop.shop.merchant.pk.hex, "asha@example.in"):
        assert secret not in text
