"""Fixtures that every app's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and no verdict by the speed of the machine.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")
_SHARED = Path(__file__).resolve().parent.parent / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of reference vectors beside the project; a public clone has none."""
    if not _SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared is missing, and in CI its tests may not be skipped")
        pytest.skip("../shared is missing: the reference vectors are not part of a public clone")
    return _SHARED
