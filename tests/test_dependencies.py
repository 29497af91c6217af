"""Every package we ask for is pinned, explained and really used; what it brings along is pinned as well."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.gate.project import APPS, ROOT, sources

pytestmark = pytest.mark.unit
FILES = ("base", "prod", "dev")
PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==([0-9][\w.]*)")
# Free to use unchanged in a product whose code is not published.
LICENCES = {
    *("MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "LGPL-3.0-only", "Unlicense"),
    *("Apache-2.0 OR BSD-3-Clause", "Apache-2.0 AND BSD-2-Clause", "MIT OR Apache-2.0"),
    *("MIT; PostgreSQL: PostgreSQL License", "MIT; Valkey: BSD-3-Clause"),
}


def pins(name: str) -> dict[str, str]:
    """Packages and versions of one requirements file; every line of it is a pin, an include or a comment."""
    found = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith(("#", "-r ", "-c ")):
            match = PIN.fullmatch(line)
            assert match, line
            found[match[1]] = match[2]
    return found


def documented() -> dict[str, list[tuple[str, str, str]]]:
    """Rows of the page's tables, by the requirements file in their heading."""
    tables: dict[str, list[tuple[str, str, str]]] = {}
    rows: list[tuple[str, str, str]] = []
    for line in Path(ROOT / "docs/dependencies.md").read_text().splitlines():
        heading = re.match(r"## .*\(`(\w+)\.txt`\)", line)
        if heading:
            rows = tables.setdefault(heading[1], [])
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] not in {"package", "---"}:
            rows.append((cells[0], cells[1], cells[2]))
    return tables


@pytest.mark.parametrize("name", FILES)
def test_the_page_names_exactly_what_we_ask_for(name: str) -> None:
    rows = documented()[name]
    assert sorted(row[0] for row in rows) == sorted(pins(name))
    for package, why, licence in rows:
        assert len(why) >= 10, package
        assert licence in LICENCES, package


def test_what_a_package_says_of_its_licence_is_on_the_page() -> None:
    for package, _, licence in [row for rows in documented().values() for row in rows]:
        said = metadata.metadata(package).json.get("license_expression")
        assert said is None or licence.startswith(str(said)), package


def test_everything_brought_along_is_pinned_too() -> None:
    constraints = pins("constraints")
    for name in FILES:
        for package, version in pins(name).items():
            assert constraints[package] == version
    asked = {package for name in FILES for package in pins(name)}
    assert closure(asked) - set(constraints) == set()


def closure(wanted: set[str]) -> set[str]:
    """Installed packages that the wanted ones need, directly or not."""
    found: set[str] = set()
    waiting = set(wanted)
    while waiting:
        package = waiting.pop()
        found.add(package)
        for requirement in metadata.requires(package) or []:
            needed = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")
            if "extra ==" not in requirement and needed not in found and is_installed(needed):
                waiting.add(needed)
    return found


def is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.slow
def test_the_product_imports_only_what_it_asks_for() -> None:
    asked = set(pins("base"))
    providers = metadata.packages_distributions()
    for source in sources():
        if source.is_product:
            for module in imported(source.tree):
                names = {name.lower().replace("_", "-") for name in providers.get(module, [])}
                assert names & asked, f"{source.path} imports {module}, which is not in base.txt"


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of the modules that are neither ours nor Python's."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - set(APPS)
