"""Processes for the tests that cross apps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.live import LiveShop, Stack, open_shop, running
from tests.places import Place, sandbox_in_process


@pytest.fixture(scope="module")
def place(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Place]:
    """A merchant for all tests of a module, each of which is undone; the whole is undone at the end."""
    around = transaction.atomic()
    # As Django's own TestCase marks it: transactions that must be outermost may stand inside.
    around._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), sandbox_in_process(), around:
        yield Place()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def stranger(place: Place) -> Place:
    """Another merchant."""
    return Place("Other House")


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


@pytest.fixture(scope="session")
def mortal(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A sandbox, and a process that forks web servers and workers for the tests that kill them.

    The provider is given up on after half a second, and the sandbox holds a line longer than that.
    """
    with django_db_blocker.unblock(), running(tmp_path_factory.mktemp("mortal"), hold_seconds=1.0) as stack:
        stack.start_sandbox()
        stack.prepare_forks(RUPAI_PROVIDER_READ_SECONDS="0.5")
        yield stack


@pytest.fixture
def own_stack(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Processes of one test alone."""
    with running(tmp_path) as stack:
        yield stack


@pytest.fixture
def killable(mortal: Stack, transactional_db: None) -> Iterator[Stack]:
    """Web servers and workers to kill; whatever a test leaves running is ended."""
    yield mortal
    for name in set(mortal.processes) - {"sandbox"}:
        mortal.stop(name)
