"""The acquirer in this process, for seeding: a transport that a connector can be given in place of HTTP."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from payments.sandbox.acquirer import Acquirer
from payments.sandbox.api import handle
from payments.sandbox.messages import Answer, Request
from payments.sandbox.tokens import Delivery

_LOST = (Delivery.HOLD_BEFORE, Delivery.HOLD_AFTER, Delivery.DROP_BEFORE, Delivery.DROP_AFTER)


class InProcess:
    """Hand requests straight to an acquirer; nothing is waited for, so latencies are in the answer only."""

    def __init__(self, acquirer: Acquirer) -> None:
        self._acquirer = acquirer

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send one request.

        :raises TimeoutError: where the acquirer would hold or drop the connection.
        """
        bare, _, query = path.partition("?")
        lower = {name.lower(): value for name, value in headers.items()}
        request = Request(method, bare, dict(parse_qsl(query, keep_blank_values=True)), lower, body or b"")
        answer = handle(self._acquirer, request)
        if answer.delivery in _LOST:
            raise TimeoutError("The sandbox was told not to answer")
        if answer.delivery is Delivery.GARBLED_AFTER:
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer
