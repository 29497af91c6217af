"""The tools as they are listed: equal to their contract or stricter, small enough, and each role sees only its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_bridge.registry import Tool, listed, toolbox
from rupai.accounts.scopes import ROLES

pytestmark = pytest.mark.unit
KILOBYTE = 1024
DEFAULT_TOOLSETS = ("payments", "wallets", "agents")
ALL = [tool.name for tool in toolbox.all()]


@pytest.fixture(scope="module")
def contract(shared_dir: Path) -> dict[str, Any]:
    tools = json.loads((shared_dir / "mcp" / "tools.json").read_text())["tools"]
    return {tool["name"]: tool for tool in tools}


# A whole number is a number.
_STRICTER = {"number": "integer"}


def looser(wanted: Any, ours: Any, at: str, *, outward: bool) -> list[str]:
    """Where our schema allows more, or promises less, than the contract."""
    found = []
    if ours.get("type") not in {wanted.get("type"), _STRICTER.get(wanted.get("type", ""), "")}:
        return [f"{at}: {ours.get('type')} in the place of {wanted.get('type')}"]
    if wanted["type"] == "object":
        found += _looser_object(wanted, ours, at, outward=outward)
    if wanted["type"] == "array":
        found += looser(wanted["items"], ours["items"], f"{at}[]", outward=outward)
    if "enum" in wanted and not set(ours.get("enum", ["?"])) <= set(wanted["enum"]):
        found.append(f"{at}: {sorted(set(ours.get('enum', ['any text'])) - set(wanted['enum']))} are new")
    return found if outward else [*found, *_looser_limits(wanted, ours, at)]


def _looser_object(wanted: Any, ours: Any, at: str, *, outward: bool) -> list[str]:
    missing = set(wanted.get("required", [])) - set(ours.get("required", []))
    found = [f"{at}/{name}: not required" for name in sorted(missing)]
    if not outward and "properties" in wanted and ours.get("additionalProperties") is not False:
        found.append(f"{at}: takes unknown fields")
    for name, each in wanted.get("properties", {}).items():
        if name in ours.get("properties", {}):
            found += looser(each, ours["properties"][name], f"{at}/{name}", outward=outward)
        elif not outward or name in wanted.get("required", []):
            found.append(f"{at}/{name}: missing")
    return found


def _looser_limits(wanted: Any, ours: Any, at: str) -> list[str]:
    closed = "pattern" in ours or "enum" in ours
    worse = {"minimum": -1, "maximum": 1, "maxLength": 1, "minLength": -1}
    found = [
        f"{at}: {name} is looser"
        for name, sign in worse.items()
        if name in wanted and not closed and (name not in ours or (ours[name] - wanted[name]) * sign > 0)
    ]
    return [*found, f"{at}: no pattern"] if "pattern" in wanted and not closed else found


@pytest.mark.parametrize("name", ALL)
def test_a_tool_is_as_its_contract_says_or_stricter(contract: dict[str, Any], name: str) -> None:
    tool, wanted = toolbox.get(name), contract[name]
    assert tool is not None
    shown = tool.listed()
    assert (shown["title"], shown["annotations"], shown["_meta"]) == (
        wanted["title"],
        wanted["annotations"],
        wanted["_meta"],
    )
    assert looser(wanted["inputSchema"], shown["inputSchema"], "input", outward=False) == []
    assert looser(wanted["outputSchema"], shown["outputSchema"], "output", outward=True) == []


@pytest.mark.parametrize("tool", toolbox.all(), ids=ALL)
def test_schemas_are_plain(tool: Tool) -> None:
    """Clients of many makers read them: no choice at the top, no list of types, nothing unknown taken."""
    for found in (tool.input_schema, tool.output_schema):
        assert not {"oneOf", "anyOf", "allOf"} & set(found)
        assert '"type": [' not in json.dumps(found)
        assert found["additionalProperties"] is False


def test_lists_are_small() -> None:
    usual = [tool.listed(outputs=False) for tool in toolbox.all() if tool.toolset in DEFAULT_TOOLSETS]
    everything = [tool.listed(outputs=False) for tool in toolbox.all()]
    assert len(json.dumps(usual, separators=(",", ":"))) <= 15 * KILOBYTE
    assert len(json.dumps(everything, separators=(",", ":"))) <= 35 * KILOBYTE


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_sees_only_its_tools(role: str) -> None:
    scopes = ROLES[role]
    names = {tool["name"] for tool in json.loads(listed(frozenset(scopes), False, frozenset()))}
    assert names == {tool.name for tool in toolbox.all() if tool.scope in scopes}
    reading = {tool["name"] for tool in json.loads(listed(frozenset(scopes), True, frozenset()))}
    assert reading == {tool.name for tool in toolbox.all() if tool.scope in scopes and tool.read_only}


def test_the_order_never_changes() -> None:
    one, two = (json.loads(listed(frozenset({"*"}), False, frozenset(each))) for each in ((), ()))
    assert [tool["name"] for tool in one] == [tool["name"] for tool in two] == ALL
