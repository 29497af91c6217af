"""Crash points kill under test settings only, at the named place and the named hit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from rupai.core import failpoints

CODE = """
from django.conf import settings
settings.configure(FAILPOINTS={on})
from rupai.core import failpoints
for name in {names}:
    failpoints.hit(name)
    print(name, flush=True)
"""


def run(*names: str, at: str, on: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE.format(on=on, names=list(names))],
        cwd=settings.BASE_DIR,
        env={**os.environ, "RUPAI_CRASH_AT": at},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_named_point_kills_and_others_do_not() -> None:
    killed = run("first", "second", "third", at="second")
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "first\n")
    assert run("first", "second", at="third").returncode == 0
    assert run("first", "second", at="").returncode == 0


def test_the_third_hit_kills() -> None:
    killed = run(*["point"] * 4, at="point:3")
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "point\npoint\n")


def test_where_they_are_switched_off_nothing_happens() -> None:
    survived = run("point", at="point", on=False)
    assert (survived.returncode, survived.stdout) == (0, "point\n")


def test_they_are_off_everywhere_but_in_tests(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(settings.BASE_DIR) / "rupai" / "settings"
    switching = [path.name for path in folder.glob("*.py") if "FAILPOINTS = True" in path.read_text()]
    assert switching == ["test.py"]
    monkeypatch.setenv("RUPAI_CRASH_AT", "point")
    settings.FAILPOINTS = False
    failpoints.hit("point")
