"""Whether arguments satisfy a tool's schema: whole numbers first, since a validator takes 100.0 for one."""

from typing import Any

from mcp_bridge.registry import KEY, Tool
from rupai.api.fields import MinorUnits

Problem = dict[str, str]
_KEY_HINT = "Send a value of your own (e.g. a UUID), and the same one when you retry."
MOST = 20


def problems_of(tool: Tool, arguments: dict[str, Any]) -> list[Problem]:
    """What is wrong with arguments, each with a JSON pointer, a message and perhaps a hint; empty when nothing is."""
    found = list(_numbers(tool.input_schema, arguments, ""))
    if found or tool.validator.is_valid(arguments):
        return found
    return [_problem(tool, error) for _, error in zip(range(MOST), tool.validator.iter_errors(arguments), strict=False)]


def _numbers(schema: dict[str, Any], value: Any, pointer: str) -> Any:
    """Everything that stands where a whole number belongs, and is none."""
    kind = schema.get("type")
    if kind == "integer" and type(value) is not int:
        problem = {"pointer": pointer, "message": f"{_shown(value)} is not a whole number"}
        yield problem | ({"hint": MinorUnits.hint} if pointer.endswith("amount") else {})
    elif kind == "object" and isinstance(value, dict):
        for name, each in schema.get("properties", {}).items():
            if name in value:
                yield from _numbers(each, value[name], f"{pointer}/{name}")
    elif kind == "array" and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _numbers(schema.get("items", {}), item, f"{pointer}/{place}")


def _problem(tool: Tool, error: Any) -> Problem:
    pointer = "".join(f"/{part}" for part in error.instance_path)
    message = str(error.message)[:300]
    found = {"pointer": pointer, "message": message}
    if "additional properties" in message.lower():
        known = ", ".join(sorted(tool.input_schema["properties"]))
        found["hint"] = f"Known arguments: {known}."
    elif KEY in message and "required" in message:
        found["hint"] = _KEY_HINT
    return found


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 40 else f"{text[:37]}..."
