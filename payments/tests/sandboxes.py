"""Sandbox acquirers for tests: one on a free port, spoken to as a merchant would, and one without a socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3

from payments.providers.base import AccountConfig
from payments.providers.sandbox import SandboxConnector
from payments.sandbox.acquirer import Acquirer
from payments.sandbox.journal import MemoryJournal
from payments.sandbox.local import InProcess
from payments.sandbox.server import Server, in_thread
from rupai.core import clock

SECRET_KEY = "sk_test_sandbox_demo"


@dataclass(frozen=True)
class Sandbox:
    """A running acquirer and one account at it."""

    url: str
    secret_key: str = SECRET_KEY

    def connector(self, *, read_seconds: float = 8.0, connect_seconds: float = 2.0) -> SandboxConnector:
        """Connect to the account."""
        return SandboxConnector(
            AccountConfig(
                base_url=self.url,
                credentials={"secret_key": self.secret_key},
                connect_seconds=connect_seconds,
                read_seconds=read_seconds,
            )
        )

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send one request and give status and body."""
        sent = {"Authorization": f"Bearer {self.secret_key}", "Content-Type": "application/json"}
        if key:
            sent["Idempotency-Key"] = key
        raw = None if body is None else json.dumps(body).encode()
        answer = urllib3.request(
            method,
            self.url + path,
            body=raw,
            headers=sent | (headers or {}),
            retries=False,
            redirect=False,
            timeout=5.0,
        )
        return answer.status, json.loads(answer.data) if answer.data else {}

    def control(self, **settings: Any) -> dict[str, Any]:
        """Change how the acquirer behaves towards this account."""
        status, answer = self.call("POST", "/control", {"model": settings})
        assert status == 200, answer
        return answer

    def reset(self) -> None:
        """Forget the account's charges and settings."""
        status, answer = self.call("POST", "/control", {"reset": True})
        assert status == 200, answer

    def charges(self, *, reference: str = "") -> list[dict[str, Any]]:
        """List every charge that the acquirer holds for the account, oldest first."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = f"&after={found[-1]['id']}" if found else ""
            wanted = f"&reference={reference}" if reference else ""
            status, page = self.call("GET", f"/v1/charges?limit=500{after}{wanted}")
            assert status == 200, page
            found += page["charges"]
            more = page["has_more"]
        return found


@dataclass
class Bank:
    """An acquirer without a socket, with a clock that the test moves."""

    time: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    secret_key: str = "sk_test_sandbox_rules"
    keys: int = 0

    def __post_init__(self) -> None:
        self.acquirer = Acquirer(journal=self.journal, now=lambda: self.time)
        self.wire = InProcess(self.acquirer)

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> tuple[int, Any]:
        self.keys += 1
        sent = {
            "Authorization": f"Bearer {self.secret_key}",
            "Content-Type": "application/json",
            "Idempotency-Key": key or f"key-{self.keys:06}",
        }
        raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.wire.send(method, path, headers=sent | headers, body=raw)
        return answer.status, json.loads(answer.body)

    def charge(self, token: str = "tok_visa", *, amount: int = 10_000, capture: bool = False, **more: Any) -> Any:
        body = {"reference": "pay_1_1", "amount": amount, "currency": "INR", "token": token, "capture": capture}
        return self.call("POST", "/v1/charges", body | more)[1]

    def charges(self) -> list[Any]:
        found: list[Any] = self.call("GET", "/v1/charges")[1]["charges"]
        return found


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    """Give the status and the code of a refusal."""
    return answer[0], answer[1]["error"]["code"]


@contextmanager
def running_sandbox(state: Path, *, hold_ms: int = 300) -> Iterator[Sandbox]:
    """Run an acquirer in a thread while the block runs; its journal is in `state`."""
    with in_thread(Server(state=state, now=clock.now, hold_ms=hold_ms)) as url:
        yield Sandbox(url)
