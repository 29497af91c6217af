"""What is asked of axe."""

import json
from functools import cache
from importlib.resources import files

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
_AUDIT = """
axe.run(document, {preload: false, resultTypes: ["violations"], runOnly: {type: "%s", values: %s}})
.then((found) => found.violations.map(
  (one) => ({id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => ({
    target: node.target.flat().join(" "), html: node.html.slice(0, 200),
    why: (node.any[0] || node.all[0] || node.none[0] || {}).message || ""}))})))
"""


@cache
def source() -> str:
    """axe-core, as its pinned package has it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def everything() -> str:
    """All rules, on the whole page."""
    return _AUDIT % ("tag", json.dumps(RULES))


def colours() -> str:
    """The rules about colours, on the whole page."""
    return _AUDIT % ("rule", json.dumps(COLOUR_RULES))
