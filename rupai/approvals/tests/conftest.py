"""An operation that writes down each time it is carried out."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from rupai.approvals import registry
from rupai.approvals.registry import Outcome
from rupai.core.actor import Actor

Ran = list[tuple[str, UUID, dict[str, Any]]]


@pytest.fixture
def ran() -> Iterator[Ran]:
    """What the executor of ``test.pay_out`` was called with."""
    calls: Ran = []

    @registry.executor("test.pay_out", scope="refunds:write", title="Pay out")
    def pay_out(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
        calls.append((actor.id, approval, arguments))
        return Outcome(summary=f"Paid {arguments['amount']}", details={"amount": arguments["amount"]})

    yield calls
    del registry._executors["test.pay_out"]
