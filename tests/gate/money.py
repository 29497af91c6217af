"""Rules about money: a float never touches an amount."""

import ast
import re
from collections.abc import Iterator

from tests.gate.code import dotted_name
from tests.gate.project import Finding, Source

_AMOUNT = re.compile(r"(^|_)(amounts?|prices?|fees?|balances?|minor|cents|paise)(_|$)")
_RULE = "float-money"
_ADVICE = "amounts are whole minor units; use Money.share or //"


def floats(source: Source) -> Iterator[Finding]:
    """Refuse float annotations, fields, conversions, constants and true division on amounts."""
    if not source.is_product and not source.is_migration:
        return
    for node in source.nodes:
        for line, what in _breaches(node):
            yield Finding(source.path, line, _RULE, f"{what}: {_ADVICE}")


def _breaches(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.AnnAssign) and is_amount(node.target) and _says_float(node.annotation):
        yield node.lineno, "an amount annotated as float"
    if isinstance(node, ast.arg) and _AMOUNT.search(node.arg) and node.annotation and _says_float(node.annotation):
        yield node.lineno, f"argument {node.arg} annotated as float"
    if isinstance(node, ast.Assign) and any(is_amount(target) for target in node.targets) and _makes_float(node.value):
        yield node.lineno, "a float assigned to an amount"
    if isinstance(node, ast.Call) and dotted_name(node.func) == "float" and any(map(_mentions, node.args)):
        yield node.lineno, "float() of an amount"
    if isinstance(node, ast.keyword) and node.arg and _AMOUNT.search(node.arg) and _makes_float(node.value):
        yield node.value.lineno, f"a float given as {node.arg}"
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and _is_float_field_of_amount(node):
        yield node.lineno, "a FloatField for an amount"
    if isinstance(node, ast.BinOp) and (is_amount(node.left) or is_amount(node.right)):
        if isinstance(node.op, ast.Div) and is_amount(node.left):
            yield node.lineno, "true division of an amount"
        elif _is_float(node.left) or _is_float(node.right):
            yield node.lineno, "arithmetic of an amount with a float"


def is_amount(node: ast.AST) -> bool:
    """Whether a name, attribute or key is called like an amount."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return bool(_AMOUNT.search(str(node.slice.value)))
    name = dotted_name(node).split(".")[-1]
    return bool(_AMOUNT.search(name)) and not name.isupper()


def _mentions(node: ast.AST) -> bool:
    return any(is_amount(inner) for inner in ast.walk(node))


def _is_float(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _makes_float(node: ast.AST) -> bool:
    return _is_float(node) or (
        isinstance(node, ast.Call) and dotted_name(node.func).split(".")[-1] in {"float", "FloatField"}
    )


def _says_float(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == "float" for inner in ast.walk(node))


def _is_float_field_of_amount(pair: ast.Tuple) -> bool:
    name, field = pair.elts
    return (
        isinstance(name, ast.Constant)
        and bool(_AMOUNT.search(str(name.value)))
        and isinstance(field, ast.Call)
        and dotted_name(field.func).endswith("FloatField")
    )


RULES = (floats,)
