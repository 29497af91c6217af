"""Processes for the tests that cross apps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.live import LiveShop, Stack, open_shop, running


@pytest.fixture(scope="session")
def served(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One web server and one sandbox for the whole run; tests bring their own merchants."""
    folder: Path = tmp_path_factory.mktemp("served")
    with django_db_blocker.unblock(), running(folder) as stack:
        stack.start_sandbox()
        stack.start_web()
        yield stack


@pytest.fixture
def shop(served: Stack, transactional_db: None) -> LiveShop:
    """A merchant behind the running server."""
    return open_shop(served)


@pytest.fixture
def own_stack(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Processes for one test that kills them."""
    with running(tmp_path) as stack:
        yield stack
