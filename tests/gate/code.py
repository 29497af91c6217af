"""Rules about what code may do, by its syntax tree."""

import ast
import re
from collections.abc import Iterator

from tests.gate.project import Finding, Source

# Doors that other machines call with their own proof of who they are, instead of a cookie.
_EXEMPT = re.compile(r"mcp_bridge/.+|payments/(.+/)?(incoming|webhooks)(/.+)?\.py")
_HTTP_MODULES = {"requests", "httpx", "urllib3", "aiohttp", "http", "urllib"}
_HTTP_CALLS = {"get", "post", "put", "patch", "delete", "head", "request", "urlopen", "stream"}
_MAKES_CONNECTION = {"HTTPConnection", "HTTPSConnection", "create_connection"}
_NOW = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"}
_CLOCK = "rupai/core/clock.py"
# `manage.py up` talks to a person at a terminal.
_MAY_PRINT = re.compile(r"(.+/)?management/commands/.+|rupai/core/runtime/.+|manage\.py|bench/.+")


def marks_safe(source: Source) -> Iterator[Finding]:
    """Escaping is never switched off, neither in code nor in templates."""
    if source.path.endswith(".html"):
        for number, line in enumerate(source.text.splitlines(), 1):
            if re.search(r"\|\s*safe(seq)?\b|\{%\s*autoescape\s+off", line):
                yield Finding(source.path, number, "mark-safe", "output is escaped, always; build markup in a template")
    elif source.is_product:
        for node in source.nodes:
            name = dotted_name(node)
            if name.split(".")[-1] in {"mark_safe", "SafeString", "SafeText"} or "mark_safe" in imported(node):
                yield Finding(source.path, line_of(node), "mark-safe", "use format_html or a template")


def exempts_from_csrf(source: Source) -> Iterator[Finding]:
    """Only /mcp and incoming webhooks are posted to without a cookie's token."""
    if not source.is_product or _EXEMPT.fullmatch(source.path):
        return
    for node in source.nodes:
        if dotted_name(node).split(".")[-1] == "csrf_exempt" or "csrf_exempt" in imported(node):
            yield Finding(source.path, line_of(node), "csrf-exempt", "only /mcp and incoming webhooks may be exempt")


def queries_in_doors(source: Source) -> Iterator[Finding]:
    """A door asks a selector: no SQL, and no query that does not begin at the actor."""
    if not source.is_door:
        return
    for call in source.calls():
        name = dotted_name(call.func)
        last = name.split(".")[-1]
        if last in {"raw", "extra", "cursor", "RawSQL"} and (last == "RawSQL" or "." in name):
            yield Finding(source.path, call.lineno, "sql-in-door", f"{last}() belongs into a selector or service")
        if name.endswith(".objects.all"):
            yield Finding(source.path, call.lineno, "all-in-door", "begin at the actor: visible_to(actor)")


def http_without_timeout(source: Source) -> Iterator[Finding]:
    """Every call over the network says how long it waits."""
    if source.is_test or not source.is_python:
        return
    modules = {name.split(".")[0] for node in source.nodes for name in imported(node)}
    if not modules & _HTTP_MODULES and "socket" not in modules:
        return
    for call in source.calls():
        name = dotted_name(call.func)
        head, _, last = name.rpartition(".")
        named = {keyword.arg for keyword in call.keywords}
        calls_out = (last in {"urlopen"} or head.split(".")[-1] in _HTTP_MODULES) and last in _HTTP_CALLS
        connects = last in _MAKES_CONNECTION and len(call.args) < 3
        if (calls_out or connects) and "timeout" not in named and None not in named:
            yield Finding(source.path, call.lineno, "no-timeout", f"{name}() without timeout=")


def prints(source: Source) -> Iterator[Finding]:
    """The platform speaks through its logs."""
    if not source.is_python or source.is_test or _MAY_PRINT.fullmatch(source.path):
        return
    for call in source.calls():
        if dotted_name(call.func) in {"print", "pprint", "pprint.pprint"}:
            yield Finding(source.path, call.lineno, "print", "use the log")


def other_clocks(source: Source) -> Iterator[Finding]:
    """Time comes from rupai.core.clock only, so that tests and the seeder can move it."""
    if not source.is_product or source.path == _CLOCK:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted_name(node.func) in _NOW:
            yield Finding(source.path, node.lineno, "clock", f"{dotted_name(node.func)}(): use rupai.core.clock.now()")
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield Finding(source.path, node.value.lineno, "clock", f"{node.arg}: set the time from rupai.core.clock")


def dotted_name(node: ast.AST) -> str:
    """Write a name or attribute as the source does, ``a.b.c``; other parts of an expression become ``?``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    return "?" if isinstance(node, ast.expr) else ""


def imported(node: ast.AST) -> set[str]:
    """The modules and names that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {node.module or "", *(alias.name for alias in node.names)}
    return set()


def line_of(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


RULES = (marks_safe, exempts_from_csrf, queries_in_doors, http_without_timeout, prints, other_clocks)
