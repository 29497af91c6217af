"""Libraries of others: listed with licence and digest, and compared."""

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rupai.pages import vendored

pytestmark = pytest.mark.unit


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(vendored.FOLDER, tmp_path / "vendor"))


def test_what_lies_here_is_what_is_listed() -> None:
    out = StringIO()
    call_command("vendor_check", stdout=out)
    assert "are as listed" in out.getvalue()
    folders = {Path(entry.file).parent for entry in vendored.listed()}
    for folder in folders:
        assert list((vendored.FOLDER / folder).glob("LICENSE*")), f"{folder} has no licence"
    assert all(entry.licence and entry.version for entry in vendored.listed())


def test_a_changed_byte_is_named(copy: Path) -> None:
    file = copy / "htmx" / "htmx.min.js"
    file.write_bytes(file.read_bytes() + b"\n")
    assert vendored.differences(copy) == ["htmx/htmx.min.js differs from htmx.org 2.0.11"]


def test_missing_foreign_and_mapped_files_are_named(copy: Path) -> None:
    (copy / "uplot" / "uPlot.min.css").unlink()
    (copy / "more.js").write_text("//# sourceMappingURL=more.js.map")
    assert vendored.differences(copy) == [
        "uplot/uPlot.min.css is missing", "more.js is not in vendor.json", "more.js asks for a source map"
    ]  # fmt: skip


def test_the_command_fails_naming_the_file(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads((copy / vendored.LIST).read_text())
    entries[0]["sha256"] = "0" * 64
    (copy / vendored.LIST).write_text(json.dumps(entries))
    monkeypatch.setattr(vendored.differences, "__defaults__", (copy,))
    with pytest.raises(CommandError, match=r"htmx/htmx\.min\.js differs"):
        call_command("vendor_check")
