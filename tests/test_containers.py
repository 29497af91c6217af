"""Dockerfile, compose file and proxy as files; ``test_containers_live`` runs their commands."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from rupai.core.queue_names import QUEUES
from tests import compose
from tests.gate.code import dotted_name
from tests.gate.project import ROOT, sources

pytestmark = pytest.mark.unit
COMPOSE = compose.read()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == compose.OWN_IMAGE}
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)*")
SECRET = re.compile(r"SECRET|PASSWORD|_PASS$|TOKEN|_KEY")
# Set by one process for another, or by tests; nothing that an operator chooses.
INTERNAL = {"RUPAI_CRASH_AT", "RUPAI_DEMO", "PYTHONUNBUFFERED"}
FILLED = {name: "0123456789abcdef" for name, default in compose.variables(str(COMPOSE)).items() if default == "?"}


def test_every_part_is_there() -> None:
    workers = {f"worker-{queue}" for queue in QUEUES}
    assert set(SERVICES) == {"postgres", "redis", "rabbitmq", "migrate", "rest", "pages", "beat", "proxy", *workers}
    assert SERVICES["postgres"]["image"].startswith("postgres:17.")
    assert SERVICES["redis"]["image"].startswith("redis:7.")
    assert re.match(r"rabbitmq:(3\.13|4)\.", SERVICES["rabbitmq"]["image"])


def test_every_image_is_pinned() -> None:
    for name, service in SERVICES.items():
        assert PINNED.fullmatch(service["image"]), name
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(bases) == 2
    for base in bases:
        assert PINNED.fullmatch(base)


def test_every_lasting_service_is_checked_restarted_and_bounded() -> None:
    for name, service in SERVICES.items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} == set(limits), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"], name
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped", name
        check = service["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert {"interval", "timeout", "retries"} <= set(check), name


def test_roots_are_read_only_where_the_image_allows_it() -> None:
    writable = {name for name, service in SERVICES.items() if not service.get("read_only")}
    # RabbitMQ's image writes its configuration at the start.
    assert writable == {"rabbitmq"}
    for name, service in OURS.items():
        assert service["build"] == "."
        assert service["cap_drop"] == ["ALL"], name
        assert service["init"] is True, name


def test_only_the_proxy_has_a_port_and_only_on_loopback() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert compose.filled(SERVICES["proxy"]["ports"], {}) == ["127.0.0.1:8080:8080"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis", "rabbitmq"):
        assert SERVICES[name]["networks"] == ["data"]
    assert SERVICES["proxy"]["networks"] == ["outside"]


def test_no_secret_has_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) or re.search(r"//[^/]*:[^/]*@", str(value)):
                assert re.search(r"\$\{[A-Z_]+:\?[^}]+\}", str(value)), f"{name} {variable}"
    for variable, default in compose.variables((ROOT / "docker-compose.yml").read_text()).items():
        assert (default == "?") == bool(SECRET.search(variable)), variable
    for variable, value in compose.example_variables().items():
        if SECRET.search(variable):
            assert value == "", variable
    assert not re.search(r"^(ENV|ARG).*(SECRET|PASSWORD|TOKEN|_KEY)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_without_secrets_nothing_starts() -> None:
    with pytest.raises(compose.Missing):
        compose.filled(SERVICES["rest"], {})
    for missing in FILLED:
        given = {name: value for name, value in FILLED.items() if name != missing}
        with pytest.raises(compose.Missing, match=missing):
            compose.filled(SERVICES, given)


@pytest.mark.slow
def test_every_variable_is_in_the_example() -> None:
    documented = compose.example_variables()
    assert set(compose.variables((ROOT / "docker-compose.yml").read_text())) <= set(documented)
    read = names_read_by_the_platform()
    assert {"DATABASE_URL", "SECRET_KEY", "RUPAI_PG_BIN", "RUPAI_WEB_THREADS"} <= read
    assert read - INTERNAL <= set(documented)
    known = read | set(compose.variables((ROOT / "docker-compose.yml").read_text()))
    assert set(documented) - known == set()


def test_defaults_of_the_compose_file_are_those_of_the_example() -> None:
    documented = compose.example_variables()
    for variable, default in compose.variables((ROOT / "docker-compose.yml").read_text()).items():
        if default != "?":
            assert documented[variable] == default, variable


def names_read_by_the_platform() -> set[str]:
    """Environment variables that the product's code asks for by a plain name."""
    found = set()
    for source in sources():
        if source.is_product or source.path == "manage.py":
            for node in source.nodes:
                found |= {name for name in _asked(node) if re.fullmatch(r"[A-Z][A-Z_]+", name)}
    return found


def _asked(node: ast.AST) -> list[str]:
    keys: list[ast.expr] = []
    if isinstance(node, ast.Call) and re.match(r"(env\.\w+|(os\.)?environ\.(get|setdefault))$", dotted_name(node.func)):
        keys = node.args[:1]
    if isinstance(node, ast.Subscript) and dotted_name(node.value).endswith("environ"):
        keys = [node.slice]
    if isinstance(node, ast.Compare) and any(dotted_name(other).endswith("environ") for other in node.comparators):
        keys = [node.left]
    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def test_every_command_is_a_real_one() -> None:
    for name, service in OURS.items():
        program, *words = compose.command_of(compose.filled(service, FILLED))
        if program == "python":
            assert words[0] == "manage.py"
            assert words[1] in get_commands(), name
        elif program == "celery":
            assert words[:2] == ["-A", "rupai"]
            assert words[2] in {"worker", "beat"}, name
        else:
            assert program in {"granian", "daphne"}, name
            module, _, attribute = words[-1].partition(":")
            assert (ROOT / f"{module.replace('.', '/')}.py").exists()
            assert attribute == "application"


def test_every_queue_has_its_own_worker_and_there_is_one_beat() -> None:
    commands = {name: compose.command_of(service) for name, service in OURS.items()}
    consumed = [words[words.index("-Q") + 1] for words in commands.values() if "-Q" in words]
    assert sorted(consumed) == sorted(QUEUES)
    assert [name for name, words in commands.items() if "beat" in words] == ["beat"]
    nodes = [words[words.index("-n") + 1] for words in commands.values() if "-n" in words]
    assert len(set(nodes)) == len(QUEUES)


def test_health_checks_ask_for_what_the_container_does() -> None:
    for name in ("rest", "pages"):
        assert SERVICES[name]["healthcheck"]["test"][-2:] == ["http", "8000"]
    for queue in QUEUES:
        words = SERVICES[f"worker-{queue}"]["healthcheck"]["test"]
        assert words[-2:] == ["queue", queue]
        assert (ROOT / words[2]).exists()


def test_migrations_come_before_everything_of_ours() -> None:
    for name, service in OURS.items():
        if name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name
    # Only migrations work as the owner of the tables.
    owners = [name for name, service in OURS.items() if "//rupai:" in service["environment"]["DATABASE_URL"]]
    assert owners == ["migrate"]


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists()
                assert volume.endswith(":ro")
            else:
                assert source in COMPOSE["volumes"]


def test_the_image_is_small_and_unprivileged() -> None:
    text = (ROOT / "Dockerfile").read_text()
    last = text[text.rindex("FROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "collectstatic" in text[: text.rindex("FROM ")]
    assert "COPY . " not in last
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", ".venv", ".rupai", "tests", "**/tests"} <= set(ignored)


@pytest.mark.slow
def test_nothing_of_the_product_needs_what_the_image_leaves_out() -> None:
    for source in sources():
        if source.is_product:
            for node in source.nodes:
                if isinstance(node, ast.ImportFrom):
                    assert ".tests" not in (node.module or ""), source.path
                    assert (node.module or "").split(".")[0] not in {"tests", "bench"}, source.path


def test_the_proxy_buffers_and_forwards_to_both_servers() -> None:
    text = (ROOT / "ops/proxy/nginx.conf").read_text()
    for line in ("proxy_request_buffering on;", "client_header_timeout 10s;", "server_tokens off;", "listen 8080;"):
        assert line in text
    assert set(re.findall(r"server (\w+):8000;", text)) == {"rest", "pages"}
    assert "$request_uri" not in text
    assert "$args" not in text


def test_prometheus_asks_only_for_figures_that_exist() -> None:
    alerts = yaml.safe_load((ROOT / "ops/prometheus/alerts.yml").read_text())
    asked = {name for rule in alerts["groups"][0]["rules"] for name in re.findall(r"rupai_\w+", rule["expr"])}
    metrics = "".join(path.read_text() for path in Path(ROOT / "monitoring/metrics").glob("*.py"))
    assert asked
    for name in asked:
        assert f'"{name}"' in metrics, name


@pytest.mark.slow
def test_the_image_has_all_that_its_build_needs(tmp_path: Path) -> None:
    """What .dockerignore lets through can be checked and collected, as the Dockerfile does."""
    patterns = (ROOT / ".dockerignore").read_text().split()
    names = {pattern.removeprefix("**/") for pattern in patterns if "/" not in pattern.removeprefix("**/")}
    shutil.copytree(ROOT, tmp_path / "app", ignore=shutil.ignore_patterns(*names, ".*"))
    kept = {path.name for path in (tmp_path / "app").iterdir()}
    assert {"manage.py", "rupai", "payments", "monitoring", "ops", "requirements"} <= kept
    assert not {"tests", "bench", "conftest.py", ".env"} & kept
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "rupai.settings.dev", "PYTHONPATH": ""}
    for words in (["check"], ["collectstatic", "--noinput"]):
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=tmp_path / "app", env=environment, check=True, timeout=60, capture_output=True)
    assert (tmp_path / "app/static_collected/admin").is_dir()
