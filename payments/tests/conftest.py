"""A sandbox acquirer in this process, so that a payment runs whole without a server."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments.providers import registry
from payments.providers.sandbox import SandboxConnector
from payments.sandbox.acquirer import Acquirer
from payments.sandbox.journal import MemoryJournal
from payments.sandbox.local import InProcess
from payments.tests.factories import Shop
from rupai.core import clock


@pytest.fixture
def acquirer(settings: Settings) -> Iterator[Acquirer]:
    """The acquirer behind the connector named ``sandbox``."""
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    found = Acquirer(journal=MemoryJournal(), now=clock.now)
    transport = InProcess(found)
    registry.register("sandbox", lambda config: SandboxConnector(config, transport))
    yield found
    registry.register("sandbox", SandboxConnector)


@pytest.fixture
def shop(db: None, acquirer: Acquirer) -> Shop:
    """A merchant whose payments go to the acquirer."""
    return Shop()
