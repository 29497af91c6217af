"""Fixtures that every app's tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from tests import resetting

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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's database, and a faster way back to its first state."""
    with django_db_blocker.unblock():
        copies = resetting.first_rows()
    with resetting.after_each_test(copies):
        yield


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """``-m unit`` does not read files without such a test: half of its time would go there."""
    idle = config.option.markexpr.startswith("unit") and collection_path.name.startswith("test_")
    return True if idle and "mark.unit" not in collection_path.read_text() else None
