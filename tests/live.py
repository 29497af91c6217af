"""A real web server, worker and sandbox acquirer as processes, on the database of the running test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from payments.models import PaymentMethod
from payments.services.accounts import SANDBOX_KEY
from payments.tests.factories import Shop, new_method
from rupai.accounts.services.keys import create_key
from tests.prefork import Forked, Prefork

PROJECT = Path(settings.BASE_DIR)
START_SECONDS = 40.0
Process = subprocess.Popen[bytes] | Forked


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = START_SECONDS) -> None:
    """Wait for a condition, in growing pauses.

    :raises TimeoutError: naming what did not come true.
    """
    end, pause = time.monotonic() + seconds, 0.02
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)


def database_url() -> str:
    """The connection string of the test's own database."""
    found = connection.settings_dict
    parts = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    return make_conninfo(dbname=found["NAME"], **{name: value for name, value in parts.items() if value})


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any


@dataclass
class Stack:
    """The processes of one test; ``http`` is safe to use from many threads."""

    folder: Path
    hold_seconds: float = 1.0
    processes: dict[str, Process] = field(default_factory=dict)
    prefork: Prefork | None = None
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=64, block=False, retries=False)
    )

    def __post_init__(self) -> None:
        self.web_port, self.sandbox_port = free_port(), free_port()
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.url = f"http://127.0.0.1:{self.web_port}"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "rupai.settings.test",
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "RUPAI_SANDBOX_URL": self.sandbox_url,
            "RUPAI_BASE_URL": self.url,
            "LOG_LEVEL": "WARNING",
            **more,
        }

    def start(self, name: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process of the project; its output goes to a file named after it."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=PROJECT,
                env=self.environment(**environment),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.processes[name] = process
        return process

    def start_sandbox(self) -> None:
        state, port, hold = str(self.folder / "sandbox"), str(self.sandbox_port), str(self.hold_seconds)
        self.start("sandbox", "manage.py", "sandbox", "--port", port, "--state", state, "--hold-seconds", hold)
        wait_until(lambda: self.answers(f"{self.sandbox_url}/health"), what=self.log_of("sandbox"))

    def start_web(self, **environment: str) -> Process:
        arguments = ["-b", "127.0.0.1", "-p", str(self.web_port), "--no-server-name", "rupai.asgi:application"]
        if self.prefork is not None:
            process = self.fork("web", "daphne", *arguments, **environment)
        else:
            process = self.start("web", "-m", "daphne", *arguments, **environment)
        wait_until(lambda: self.answers(f"{self.url}/health"), what="the web server does not answer")
        return process

    def fork(self, name: str, *arguments: str, **environment: str) -> Process:
        """Start a web server or worker from a process that has imported everything already."""
        assert self.prefork is not None
        self.processes[name] = self.prefork.start(arguments, log=self.folder / f"{name}.log", **environment)
        return self.processes[name]

    def prepare_forks(self, **environment: str) -> None:
        """Import everything once; from here on each start is a fork."""
        log = self.folder / "prefork.log"
        self.prefork = Prefork(environment=self.environment(**environment), folder=PROJECT, log=log)

    def log_of(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return f"{name}: {log.read_text()[-2000:] if log.exists() else 'no output'}"

    def answers(self, url: str) -> bool:
        try:
            return self.http.request("GET", url, timeout=1.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self, name: str, *, how: signal.Signals = signal.SIGTERM) -> int:
        """End a process that this stack started, and tell its exit code."""
        process = self.processes.pop(name)
        try:
            # One that has died by itself is only waited for; the next one is to be ended all the same.
            with suppress(ProcessLookupError):
                process.send_signal(how)
            return process.wait(15)
        except (subprocess.TimeoutExpired, TimeoutError):
            process.kill()
            return process.wait(5)

    def stop_all(self) -> None:
        for name in reversed(list(self.processes)):
            self.stop(name)
        if self.prefork is not None:
            self.prefork.stop()

    def call(
        self, method: str, path: str, body: Any = None, *, key: str, once: str | None = None, timeout: float = 30.0
    ) -> Answer:
        """Call the REST door; ``once`` is the Idempotency-Key."""
        headers = {"Authorization": f"Bearer {key}"}
        if once is not None:
            headers["Idempotency-Key"] = once
        options: dict[str, Any] = {"json": body} if body is not None else {}
        found = self.http.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=timeout, **options)
        shown = found.json() if found.data and "json" in found.headers.get("Content-Type", "") else None
        return Answer(found.status, found.headers, found.data, shown)


@dataclass
class LiveShop:
    """A shop whose calls travel by HTTP."""

    stack: Stack
    shop: Shop
    key: str

    def method(self, token: str = "tok_visa") -> PaymentMethod:
        return new_method(self.shop.actor, self.shop.customer, token)

    def wish(self, amount: int = 10_000, *, token: str = "tok_visa", **more: Any) -> dict[str, Any]:
        """The body of a new payment."""
        method = self.method(token)
        return {
            "amount": amount,
            "currency": "INR",
            "method": method.type,
            "customer_id": self.shop.customer.public_id,
            "payment_method_token": method.public_id,
            **more,
        }

    def post(self, path: str, body: Any = None, *, once: str | None = None) -> Answer:
        return self.stack.call("POST", path, {} if body is None else body, key=self.key, once=once)

    def get(self, path: str) -> Answer:
        return self.stack.call("GET", path, key=self.key)

    def charges(self) -> list[dict[str, Any]]:
        """Every charge that the sandbox holds for this merchant, from the sandbox itself."""
        secret = SANDBOX_KEY + self.shop.merchant.pk.hex
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = f"&after={found[-1]['id']}" if found else ""
            url = f"{self.stack.sandbox_url}/v1/charges?limit=500{after}"
            page = self.stack.http.request("GET", url, headers={"Authorization": f"Bearer {secret}"}).json()
            found += page["charges"]
            more = page["has_more"]
        return found


def open_shop(stack: Stack) -> LiveShop:
    """Make a merchant with a key of every scope that a key may have."""
    shop = Shop()
    scopes = ["payments:read", "payments:write", "refunds:read", "refunds:write", "customers:read", "customers:write"]
    more = ["payment_methods:read", "payment_methods:write", "events:read", "ledger:read"]
    more += ["wallets:read", "wallets:transfer", "wallets:topup", "wallets:withdraw"]
    return LiveShop(stack, shop, create_key(actor=shop.actor, name="tests", scopes=scopes + more).secret)


@contextmanager
def running(folder: Path, *, hold_seconds: float = 1.0) -> Iterator[Stack]:
    """A stack whose processes end with the block."""
    stack = Stack(folder, hold_seconds)
    try:
        yield stack
    finally:
        stack.stop_all()
        stack.http.clear()
