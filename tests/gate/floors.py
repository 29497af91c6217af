"""Rules about the whole house: no string foreign key upwards, and failpoints that are unique and documented."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from tests.gate.code import dotted_name
from tests.gate.project import Finding, Source

_RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField", "GenericForeignKey"}
_DOCUMENT = "docs/architecture.md"


def floors(pyproject: str) -> dict[str, int]:
    """Read the floors from import-linter's contract: a package's number, the ground floor being 0."""
    for contract in tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]:
        if contract["name"].startswith("Floors"):
            layers = [re.split(r"\s*[|:]\s*", layer) for layer in reversed(contract["layers"])]
            return {package.strip("() "): height for height, layer in enumerate(layers) for package in layer}
    raise LookupError("pyproject.toml has no contract whose name begins with Floors")


def upward_relations(project: Sequence[Source]) -> Iterator[Finding]:
    """import-linter cannot see a relation whose model is named by a text: it may point down or inside the app only."""
    heights = floors(next(source.text for source in project if source.path == "pyproject.toml"))
    package_of = {package.split(".")[-1]: package for package in heights}
    for source in project:
        own = next((package for package in heights if source.path.startswith(package.replace(".", "/") + "/")), None)
        if own is None or not source.is_product or not any(word in source.text for word in _RELATIONS | {"get_model"}):
            continue
        for line, label in _named_models(source):
            other = package_of.get(label.lower())
            if other is not None and other != own and heights[other] >= heights[own]:
                yield Finding(source.path, line, "upward-relation", f"{own} points up or sideways to {other}")


def _named_models(source: Source) -> Iterator[tuple[int, str]]:
    """Line and app label of each model that is named by a string."""
    for call in source.calls():
        last = dotted_name(call.func).split(".")[-1]
        values = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in {"to", "through"})]
        if last not in _RELATIONS and last != "get_model":
            continue
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                is_label = "." in value.value or last == "get_model"
                if is_label:
                    yield call.lineno, value.value.partition(".")[0]


def failpoints(project: Sequence[Source]) -> Iterator[Finding]:
    """Each crash point has a name of its own, which the table in the architecture document lists."""
    hits = defaultdict(list)
    for source in project:
        if source.is_product and "failpoints.hit" in source.text:
            for call in source.calls():
                if dotted_name(call.func).endswith("failpoints.hit"):
                    hits[_constant(call)].append((source.path, call.lineno))
    documents = [source.text for source in project if source.path == _DOCUMENT]
    listed = documented_failpoints(documents[0] if documents else "")
    for name, places in hits.items():
        path, line = places[-1]
        if name is None:
            yield Finding(path, line, "failpoint", "the name must be a plain text, so that it can be found")
        elif len(places) > 1:
            yield Finding(path, line, "failpoint", f"{name} is used {len(places)} times")
        elif name not in listed:
            yield Finding(path, line, "failpoint", f"{name} is not in the table of {_DOCUMENT}")


def _constant(call: ast.Call) -> str | None:
    value = call.args[0] if call.args else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def documented_failpoints(document: str) -> set[str]:
    """Names in the first column of the table; ``a``, ``b`` with ``.x``, ``.y`` in one row stand for all four."""
    found: set[str] = set()
    inside = False
    for line in document.splitlines():
        if line.startswith("| failpoint"):
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside:
            names = re.findall(r"`([^`]+)`", line.split("|")[1])
            whole = {name for name in names if "." in name[1:]}
            stems = {name.partition(".")[0] for name in names if not name.startswith(".")}
            endings = {name for name in names if name.startswith(".")}
            found |= whole | {stem + ending for stem, ending in product(stems, endings)}
    return found


RULES = (upward_relations, failpoints)
