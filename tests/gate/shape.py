"""Rules about the shape of the project: lengths, names, and nothing of one person's machine."""

import ast
import re
from collections.abc import Iterator

from tests.gate.project import Finding, Source

LONGEST_FUNCTION = 40
LONGEST_MODULE = 300
_FORBIDDEN_NAMES = {"utils.py", "helpers.py", "managers.py", "signals.py"}
# Folders in which people and machines keep checkouts. In pieces, so that this file does not break its own rule.
_FOLDERS = (
    "/" + "home/[a-z]",
    "/" + "Users/[A-Za-z]",
    "/" + r"work/(?!flows)[a-z.]",
    r"[A-Z]:\\" + r"Users\\",
    "/tmp/" + "brief",
)
_MACHINE = re.compile("|".join(rf"(?<![\w.]){folder}" for folder in _FOLDERS))


def long_functions(source: Source) -> Iterator[Finding]:
    """A function fits on a screen."""
    if not source.is_python or source.is_migration:
        return
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                message = f"{node.name} has {lines} lines, {LONGEST_FUNCTION} are allowed"
                yield Finding(source.path, node.lineno, "long-function", message)


def long_modules(source: Source) -> Iterator[Finding]:
    """A module past its limit becomes a package of public modules."""
    if not source.is_python or source.is_migration:
        return
    lines = source.text.count("\n")
    if lines > LONGEST_MODULE:
        message = f"{lines} lines, {LONGEST_MODULE} are allowed: make it a package"
        yield Finding(source.path, LONGEST_MODULE, "long-module", message)


def vague_names(source: Source) -> Iterator[Finding]:
    """A module is named after what is in it."""
    if source.parts[-1] in _FORBIDDEN_NAMES:
        yield Finding(source.path, 1, "vague-name", f"{source.parts[-1]} says nothing: name it after what is in it")


def paths_of_a_machine(source: Source) -> Iterator[Finding]:
    """The project runs anywhere, so it names nobody's folders."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if _MACHINE.search(line):
            yield Finding(source.path, number, "machine-path", "a path of one machine")


RULES = (long_functions, long_modules, vague_names, paths_of_a_machine)
