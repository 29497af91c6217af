"""What templates must not have: inline code, inline styles, figures that nobody computed, too many overrides."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from rupai.pages import icons

pytestmark = pytest.mark.unit
ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
COMMENT = re.compile(r"\{%\s*comment.*?endcomment\s*%\}|\{#.*?#\}", re.DOTALL)
FIGURE = re.compile(r'class="[^"]*\bfigure-value\b[^"]*"[^>]*>(.*?)</', re.DOTALL)
TAG = re.compile(r"\{[%{].*?[%}]\}", re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_only_shows(path: Path) -> None:
    text = COMMENT.sub("", path.read_text(encoding="utf-8"))
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert "<style" not in text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), "something from elsewhere"
    assert "javascript:" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_figure_stands_in_a_template(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for figure in FIGURE.findall(text):
        assert not re.search(r"\d", TAG.sub("", figure)), figure
    # Amounts, shares and cells with a number in them are computed, too.
    bare = TAG.sub("", COMMENT.sub("", text))
    assert not re.search(r">[^<]*[₹$€£]\s*\d", bare)
    assert not re.search(r">\s*[\d.,]+\s*%\s*<", bare)
    assert not re.search(r"<td[^>]*>\s*[\d.,]+\s*</td>", bare)


def test_few_of_djangos_templates_are_replaced() -> None:
    assert sorted(path.name for path in (ROOT / "admin").rglob("*.html")) == [
        "base_site.html", "change_form.html", "change_list.html", "login.html", "prepopulated_fields_js.html"
    ]  # fmt: skip


def test_every_icon_that_a_template_names_is_there() -> None:
    named = {
        name for path in TEMPLATES for name in re.findall(r'\{%\s*icon\s+"([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert named - icons.known().keys() == set()
    assert len(named) > 10


def test_an_unknown_icon_is_an_error_here() -> None:
    with pytest.raises(icons.UnknownIcon, match="no-such-icon"):
        icons.icon("no-such-icon")
