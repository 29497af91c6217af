"""Production starts only with every secret, says by name what is missing, and keeps its doors shut."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rupai.settings import env

pytestmark = pytest.mark.slow

SEED = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
WHOLE = {
    "SECRET_KEY": "s" * 64,
    "JWT_SECRET_KEY": "j" * 64,
    "ENCRYPTION_KEY": f"k1:{SEED}",
    "AUDIT_SIGNING_KEY": SEED,
    "DATABASE_URL": "postgresql://db.example/rupai",
    "REDIS_URL": "redis://cache.example/0",
    "RUPAI_BASE_URL": "https://pay.example",
}
ASKED = (
    "DEBUG TESTING FAILPOINTS OUTBOUND_ALLOW_PRIVATE SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT "
    "SECURE_HSTS_SECONDS ALLOWED_HOSTS STAFF_SECOND_FACTOR_REQUIRED METRICS_TOKEN SANDBOX_ALLOWED MCP_FURTHER_DOORS"
)
# Reads the production settings under one environment after another, and tells what they came to.
CODE = f"""
import importlib, json, os, sys
told = []
for environment in json.load(sys.stdin):
    os.environ.update(environment)
    for name in ("prod", "base", "database", "celery", "env"):
        sys.modules.pop("rupai.settings." + name, None)
    try:
        found = importlib.import_module("rupai.settings.prod")
        told.append({{name: getattr(found, name) for name in {ASKED.split()!r}}})
    except Exception as error:
        told.append(f"{{type(error).__name__}}: {{error}}")
print(json.dumps(told))
"""


def started(folder: Path, *environments: dict[str, str]) -> list[Any]:
    """Read the production settings in a process of their own, with nothing but these environments in turn."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    found = subprocess.run(
        [sys.executable, "-c", CODE],
        input=json.dumps(environments),
        cwd=settings.BASE_DIR,
        env={**kept, "RUPAI_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    told: list[Any] = json.loads(found.stdout)
    return told


def test_the_whole_environment_starts_with_every_door_shut(tmp_path: Path) -> None:
    (found,) = started(tmp_path, WHOLE)
    assert found["ALLOWED_HOSTS"][0] == "pay.example"
    assert "*" not in found["ALLOWED_HOSTS"]
    doors = {"OUTBOUND_ALLOW_PRIVATE", "SANDBOX_ALLOWED", "METRICS_TOKEN", "MCP_FURTHER_DOORS"}
    for name in ("DEBUG", "TESTING", "FAILPOINTS", *sorted(doors)):
        assert not found[name], name
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"):
        assert found[name], name


def test_a_missing_secret_stops_the_start_by_name(tmp_path: Path) -> None:
    names = sorted(WHOLE.keys() - {"RUPAI_BASE_URL"})
    told = started(tmp_path, *({**WHOLE, name: ""} for name in names), WHOLE)
    for name, stopped in zip(names, told, strict=False):
        assert stopped.startswith(f"ImproperlyConfigured: {name} is not set. ")
        assert not [value for value in WHOLE.values() if value in stopped]
    assert told[-1]["DEBUG"] is False


def test_plain_http_is_refused_but_for_the_own_machine(tmp_path: Path) -> None:
    addresses = ("http://pay.example", "http://10.0.0.1:8000", "ftp://pay.example", "http://127.0.0.1:8000")
    *refused, allowed = started(tmp_path, *({**WHOLE, "RUPAI_BASE_URL": address} for address in addresses))
    assert {stopped.partition(" unless")[0] for stopped in refused} == {
        "ImproperlyConfigured: RUPAI_BASE_URL must start with https://"
    }
    assert allowed["DEBUG"] is False


def test_a_command_beside_a_running_instance_finds_its_environment(tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text("no json")
    assert "SECRET_KEY is not set" in started(tmp_path, {})[0]
    (tmp_path / "environment.json").write_text(json.dumps(WHOLE))
    assert started(tmp_path, {})[0]["ALLOWED_HOSTS"][0] == "pay.example"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("RUPAI_DATA_DIR", str(tmp_path))
    env._running_instance.cache_clear()
    monkeypatch.setattr(env, "_running_instance", dict)
    return monkeypatch


def test_texts_and_their_defaults(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RUPAI_WORD", "")
    assert env.text("RUPAI_WORD", "default") == "default"
    with pytest.raises(ImproperlyConfigured, match=r"RUPAI_WORD is not set\. Say it\."):
        env.required("RUPAI_WORD", hint="Say it.")
    environment.setenv("RUPAI_WORD", "said")
    assert env.text("RUPAI_WORD", "default") == env.required("RUPAI_WORD", hint="") == "said"


@pytest.mark.parametrize("value", ["", "1.5", "ten", "1e3", "0x10"])
def test_a_whole_number_is_one(value: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RUPAI_NUMBER", value)
    if not value:
        assert env.integer("RUPAI_NUMBER", 7) == 7
        return
    with pytest.raises(ImproperlyConfigured, match="RUPAI_NUMBER must be a whole number"):
        env.integer("RUPAI_NUMBER", 7)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "3600"])
def test_a_duration_is_above_nothing_and_below_an_hour(value: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RUPAI_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match="RUPAI_SECONDS must be a number of seconds"):
        env.seconds("RUPAI_SECONDS", 1.0)


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False)])
def test_a_flag_is_yes_or_no(value: str, meant: bool, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RUPAI_FLAG", value)
    assert env.flag("RUPAI_FLAG") is meant
    assert env.listing("RUPAI_LIST", " a, b,,c ") == ["a", "b", "c"]
