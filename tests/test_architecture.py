"""The house stands as designed: its rooms, labels and floors; import-linter and the gate watch the traffic between."""

import importlib
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tests.gate import floors, shape
from tests.gate.project import APPS, ROOT, sources

pytestmark = pytest.mark.unit
FOLDERS = {*APPS, "templates", "requirements", "ops", "docs", "bench", "tests"}
LABELS = {
    "rupai.core": "core",
    "rupai.accounts": "accounts",
    "rupai.api": "api",
    "rupai.pages": "pages",
    "rupai.approvals": "approvals",
    "rupai.notifications": "notifications",
    "rupai.ml": "ml",
    **{name: name for name in APPS if name != "rupai"},
}


def test_the_top_level_is_fixed() -> None:
    made_by_machines = {"build", "static_collected", "artifacts", "node_modules", "__pycache__"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert found - made_by_machines <= FOLDERS


def test_labels_do_not_depend_on_paths() -> None:
    ours = {config.name: config.label for config in apps.get_app_configs() if config.name.split(".")[0] in APPS}
    ours.pop("rupai.apps", None)
    assert {name: label for name, label in ours.items() if label != "admin"} == LABELS


def test_people_are_our_own_model_from_the_first_migration() -> None:
    assert settings.AUTH_USER_MODEL == "accounts.User"
    first = importlib.import_module("rupai.accounts.migrations.0001_initial").Migration
    assert "User" in {operation.name for operation in first.operations if hasattr(operation, "fields")}


def test_every_app_stands_on_a_floor() -> None:
    heights = floors.floors((ROOT / "pyproject.toml").read_text())
    assert set(LABELS) <= set(heights)
    assert heights["rupai.core"] == 0
    assert heights["rupai.core"] < heights["rupai.accounts"] < heights["compliance"] < heights["wallets"]
    assert heights["wallets"] < heights["payments"] < heights["monitoring"] < heights["mcp_bridge"]


def test_no_relation_points_up() -> None:
    assert list(floors.upward_relations(sources())) == []


def test_no_relation_of_a_loaded_model_points_up() -> None:
    heights = floors.floors((ROOT / "pyproject.toml").read_text())
    height_of = {label: heights[name] for name, label in LABELS.items()}
    upward = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in height_of
        for field in model._meta.get_fields()
        if field.concrete and field.related_model is not None
        if height_of.get(field.related_model._meta.app_label, -1) > height_of[model._meta.app_label]
    ]
    assert upward == []


def test_modules_and_functions_keep_their_limits() -> None:
    assert (shape.LONGEST_MODULE, shape.LONGEST_FUNCTION) == (300, 40)
    found = [
        finding for source in sources() for rule in (shape.long_modules, shape.vague_names) for finding in rule(source)
    ]
    assert found == []


def test_requests_are_not_wrapped_in_a_transaction() -> None:
    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"] is False


def test_contracts_are_those_of_the_house() -> None:
    pyproject = tomllib.loads(Path(ROOT / "pyproject.toml").read_text())
    contracts = {contract["type"]: contract for contract in pyproject["tool"]["importlinter"]["contracts"]}
    assert contracts["layers"]["exhaustive"] is True
    assert set(contracts["independence"]["modules"]) == {"payments.sandbox", "payments.providers"}
