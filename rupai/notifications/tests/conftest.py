"""A receiver on loopback, and a merchant."""

from collections.abc import Iterator

import pytest

from rupai.core.actor import Actor
from rupai.notifications.tests.factories import merchant_actor
from rupai.notifications.tests.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def actor() -> Actor:
    return merchant_actor()
