"""The very commands of the compose file, without containers, against the real PostgreSQL, Redis and RabbitMQ."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3
from django.conf import settings
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests import compose
from tests.celery_live import empty_queues
from tests.gate.project import ROOT
from tests.live import free_port, wait_until

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
DATABASE, ROLE = "rupai_containers", "rupai_containers_app"
SERVICES: dict[str, Any] = compose.read()["services"]
LASTING = [
    name for name, service in SERVICES.items() if service["image"] == compose.OWN_IMAGE and name not in {"migrate"}
]


def conninfo(user: str, password: str = "", dbname: str = DATABASE) -> str:
    found = connection.settings_dict
    parts = {"host": found["HOST"], "port": found["PORT"], "user": user, "password": password}
    return make_conninfo(dbname=dbname, **{name: str(value) for name, value in parts.items() if value})


def owner() -> str:
    found = connection.settings_dict
    return conninfo(found["USER"], found["PASSWORD"])


@pytest.fixture
def password() -> Iterator[str]:
    """A database of its own, prepared as the container's first start does; gives the password of the app's role."""
    found = connection.settings_dict
    password = secrets.token_hex(12)
    with psycopg.connect(conninfo(found["USER"], found["PASSWORD"], "postgres"), autocommit=True) as server:
        remove(server)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        try:
            make_roles(password)
            yield password
        finally:
            remove(server)


def remove(server: psycopg.Connection[Any]) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
    server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))


def make_roles(password: str) -> None:
    found = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": found["HOST"],
        "PGPORT": str(found["PORT"] or 5432),
        "PGPASSWORD": found["PASSWORD"],
        "POSTGRES_USER": found["USER"],
        "POSTGRES_DB": DATABASE,
        "POSTGRES_APP_USER": ROLE,
        "POSTGRES_APP_PASSWORD": password,
    }
    subprocess.run([str(ROOT / "ops/postgres/roles.sh")], env=environment, check=True, timeout=30)


class Platform:
    """The containers' processes on loopback; each service keeps its command, its environment and its own port."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("rest", "pages", "proxy")}
        self.url = f"http://127.0.0.1:{self.ports['proxy']}"
        self.token = secrets.token_hex(16)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        key = b64encode(secrets.token_bytes(32)).decode()
        self.given = {
            **dict.fromkeys(("SECRET_KEY", "JWT_SECRET_KEY"), secrets.token_urlsafe(64)),
            **dict.fromkeys(("POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "RABBITMQ_PASSWORD"), "x"),
            "ENCRYPTION_KEY": f"k1:{key}",
            "AUDIT_SIGNING_KEY": key,
            "METRICS_TOKEN": self.token,
            "RUPAI_BASE_URL": self.url,
            # The machine of a pipeline is smaller than a server.
            **{name: "1" for name in compose.example_variables() if name.startswith("WORKER_")},
        }
        self.real = {
            "REDIS_URL": settings.REDIS_URL,
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "RUPAI_DATA_DIR": str(folder),
        }
        self.database = {"migrate": owner(), "": conninfo(ROLE, password)}
        (folder / "metrics").mkdir()

    def environment(self, name: str) -> dict[str, str]:
        chosen = compose.filled(SERVICES[name]["environment"], self.given)
        real = {variable: value for variable, value in self.real.items() if variable in chosen or "DIR" in variable}
        database = self.database.get(name, self.database[""])
        system = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        return {**system, **chosen, **real, "DATABASE_URL": database}

    def words(self, name: str, command: list[str]) -> list[str]:
        """A command with this environment's programs, and loopback in place of the container's own network."""
        program = Path(sys.executable).with_name(command[0])
        port = str(self.ports.get(name, 0))
        places = {"0.0.0.0": "127.0.0.1", "8000": port}
        return [str(program), *(places.get(word, word) for word in command[1:])]

    def run(self, name: str, command: list[str], *, seconds: float = 90) -> int:
        with (self.folder / f"{name}.run.log").open("ab") as log:
            return subprocess.run(
                self.words(name, command),
                env=self.environment(name),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                timeout=seconds,
                check=False,
            ).returncode

    def start(self, name: str) -> None:
        command = compose.command_of(compose.filled(SERVICES[name], self.given))
        self.spawn(name, self.words(name, command), self.environment(name))

    def spawn(self, name: str, words: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=log, stderr=log)

    def start_proxy(self) -> None:
        """Start nginx with the container's own configuration, its addresses moved to loopback."""
        program = os.environ.get("RUPAI_NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "install nginx, or set RUPAI_NGINX to its program"
        text = (ROOT / "ops/proxy/nginx.conf").read_text()
        for name in ("rest", "pages"):
            text = text.replace(f"server {name}:8000;", f"server 127.0.0.1:{self.ports[name]};")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{self.ports['proxy']};").replace(
            "/tmp", str(self.folder)
        )
        (self.folder / "nginx.conf").write_text(text)
        alone = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        words = [program, "-e", "stderr", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-g", alone]
        self.spawn("proxy", words, dict(os.environ))

    def stop(self) -> dict[str, int]:
        """Ask all to end, and tell their exit codes."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        codes = {}
        for name, process in self.processes.items():
            try:
                codes[name] = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait(5)
        return codes

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return f"{name}: {path.read_text()[-1500:]}" if path.exists() else f"{name}: no output"

    def get(self, url: str, **headers: str) -> tuple[int, Any]:
        try:
            answer = urllib3.request("GET", url, headers=headers, timeout=5, retries=False)
        except urllib3.exceptions.HTTPError:
            return 0, ""
        return answer.status, answer.data.decode()


@contextmanager
def platform(folder: Path, password: str) -> Iterator[Platform]:
    found = Platform(folder, password)
    try:
        yield found
    finally:
        found.stop()


def test_the_commands_of_the_compose_file_make_a_platform_that_is_ready(tmp_path: Path, password: str) -> None:
    assert settings.CELERY_BROKER_URL.startswith("amqp"), "CELERY_BROKER_URL must name the RabbitMQ of this run"
    empty_queues(settings.CELERY_BROKER_URL)
    with platform(tmp_path, password) as live:
        assert live.run("migrate", compose.command_of(SERVICES["migrate"])) == 0, live.log("migrate.run")
        for name in LASTING:
            live.start(name)
        live.start_proxy()
        wait_until(lambda: live.get(f"{live.url}/ready")[0] == 200, what=told(live), seconds=90)
        the_doors_open(live)
        health_checks_pass(live)
        slow_clients_hold_up_nobody(live)
        assert live.run("rest", ["python", "manage.py", "check_invariants"]) == 0, live.log("rest.run")
        codes = live.stop()
        assert {name: code for name, code in codes.items() if code not in {0, -signal.SIGTERM}} == {}
        live.processes.clear()
    the_app_cannot_change_tables(password)


def told(live: Platform) -> str:
    status, body = live.get(f"{live.url}/ready")
    return f"{status} {body}\n" + "\n".join(live.log(name) for name in live.processes)


def the_doors_open(live: Platform) -> None:
    direct = f"http://127.0.0.1:{live.ports['rest']}/metrics"
    assert live.get(f"{live.url}/health")[0] == 200
    assert live.get(f"{live.url}/api/v1/payments")[0] == 401
    assert live.get(f"{live.url}/admin/login/")[0] == 200
    assert live.get(f"{live.url}/api/schema/")[0] == 200
    assert live.get(f"{live.url}/metrics", Authorization=f"Bearer {live.token}")[0] == 404
    assert live.get(direct)[0] == 401
    status, text = live.get(direct, Authorization=f"Bearer {live.token}")
    assert status == 200
    assert 'rupai_queue_messages{queue="payments"}' in text
    assert "django_http_requests_before_middlewares_total" in text


def health_checks_pass(live: Platform) -> None:
    for name in LASTING:
        how, *words = SERVICES[name]["healthcheck"]["test"]
        assert how == "CMD"
        assert live.run(name, words, seconds=20) == 0, name
    assert live.run("beat", ["python", "ops/containers/healthcheck.py", "queue", "nobody"], seconds=20) == 1


def slow_clients_hold_up_nobody(live: Platform) -> None:
    """A hundred clients that never finish their request: the proxy waits for them, the workers do not."""
    lines = ("POST /api/v1/auth/token HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json")
    head = "\r\n".join([*lines, "Content-Length: 900", ""]).encode()
    with ExitStack() as open_ones:
        for number in range(100):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", live.ports["proxy"]), timeout=5))
            client.sendall(head if number % 2 else head + b'\r\n{"email":')
        slowest = 0.0
        for _ in range(20):
            started = time.monotonic()
            assert live.get(f"{live.url}/health")[0] == 200
            slowest = max(slowest, time.monotonic() - started)
    assert slowest < 1.0


def the_app_cannot_change_tables(password: str) -> None:
    for statement in ("TRUNCATE core_event", "DROP TABLE core_event", "ALTER TABLE core_event DISABLE TRIGGER ALL"):
        with psycopg.connect(conninfo(ROLE, password)) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)
