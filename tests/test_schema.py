"""The OpenAPI description: sound, complete, browsable without anybody else's server, and kept by the server."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests import fuzzing
from tests.live import LiveShop

pytestmark = pytest.mark.slow

PROBLEMS = {"application/problem+json"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, found) for path, verbs in described["paths"].items() for verb, found in verbs.items()]


def test_the_description_is_valid_and_raises_no_warning() -> None:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    assert yaml.safe_load(out.getvalue())["openapi"].startswith("3.1")


def test_every_operation_says_what_it_is_needs_and_may_answer(described: dict[str, Any]) -> None:
    names = [found["operationId"] for _, _, found in operations(described)]
    assert len(names) == len(set(names)) > 40
    for path, verb, found in operations(described):
        where = f"{verb} {path}"
        assert found["description"], where
        assert "default" not in found["responses"], where
        assert {"400", "401", "403", "429", "503"} <= found["responses"].keys(), where
        assert ("404" in found["responses"]) >= ("{" in path), where
        for status, answer in found["responses"].items():
            if status >= "400":
                assert answer["content"].keys() == PROBLEMS, where
        if "/auth/" not in path:
            assert found["security"] == [{"bearer": []}], where
            assert "Needs the scope" in found["description"], where


def test_what_moves_money_asks_for_an_idempotency_key(described: dict[str, Any]) -> None:
    required = {
        path
        for path, verb, found in operations(described)
        for parameter in found.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter.get("required")
    }
    below = "/api/v1/payments"
    ways = ("confirm", "capture", "cancel", "refunds")
    wallets = {f"/api/v1/wallets/{{wallet_id}}/{way}" for way in ("top-ups", "withdrawals", "exchanges")}
    holds = ("holds", "holds/{hold_id}/capture", "holds/{hold_id}/release")
    wallets |= {f"/api/v1/wallets/{{wallet_id}}/{way}" for way in ("transfers", *holds)}
    assert required == {below, *(f"{below}/{{payment_id}}/{way}" for way in ways)} | wallets


def test_bodies_take_nothing_that_they_do_not_name(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    bodies = [
        content["schema"]["$ref"].rpartition("/")[2]
        for _, _, found in operations(described)
        for content in found.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(bodies) > 10
    for name in bodies:
        assert schemas[name]["additionalProperties"] is False, name
    assert schemas["NewPaymentRequest"]["properties"]["amount"] | {"description": ""} == {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": 9_007_199_254_740_991,
        "description": "",
    }
    assert "XXX" not in schemas["CurrencyEnum"]["enum"]


def test_the_description_is_served_as_json_to_everybody(described: dict[str, Any]) -> None:
    answer = Client().get("/api/schema/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json()["paths"].keys() == described["paths"].keys()


@pytest.mark.django_db(transaction=True)
def test_the_page_uses_our_own_files_only(shop: LiveShop) -> None:
    http, url = shop.stack.http, shop.stack.url
    page = http.request("GET", f"{url}/api/docs/")
    text = page.data.decode()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert not [word for word in ("unsafe-inline", "unsafe-eval", "http:", "https:") if word in policy]
    assert not re.findall(r"<style|<script>| style=| on\w+=|javascript:", text)
    files = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(files) == 6
    for file in files:
        assert file.startswith("/")
        assert not file.startswith("//")
        found = http.request("GET", f"{url}{file}")
        assert (found.status, len(found.data) > 100) == (200, True), file
    script = http.request("GET", f"{url}/api/docs/?script=").data.decode()
    assert '"/api/schema/"' in script
    assert not re.findall(r"https?://", script)


def check_kept(found: fuzzing.Run) -> None:
    print(f"{found.calls} calls, slowest {found.slowest:.2f} s: {sorted(found.statuses.items())}")
    assert found.code == 0, found.output[-6000:]
    assert not [status for status in found.statuses if status >= 500]
    assert {200, 201, 400, 404} <= found.statuses.keys()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_server_answers_as_described(shop: LiveShop, tmp_path: Path) -> None:
    found = fuzzing.run(shop, tmp_path, examples=10, seed=20_261_122, phases="fuzzing")
    check_kept(found)
    assert found.calls >= 300


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_calls_are_answered_as_described(shop: LiveShop, tmp_path: Path) -> None:
    found = fuzzing.run(shop, tmp_path, examples=200, seed=20_261_122, phases="coverage,fuzzing,stateful")
    check_kept(found)
    assert found.calls >= 10_000
