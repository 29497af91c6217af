"""Refusals that carry their code, HTTP status and a hint; only the doors translate them."""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal by name.

    ``code`` is stable and machine-readable, ``status`` the HTTP status of the REST door, ``hint`` says what would be
    accepted. ``details`` are plain values that go into the answer. ``stored`` marks outcomes (not refusals) that are
    kept for replay under the idempotency key, such as a decline.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    hint: str = ""
    stored: ClassVar[bool] = False
    retry_after: int | None = None

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint
        self.details = details


class NotFound(DomainError):
    """No such row for this actor; another tenant's row looks the same."""

    code, status = "not_found", 404
    hint = "Check the id, and that it belongs to this merchant and mode (test or live)."


class ScopeMissing(DomainError):
    code, status = "scope_missing", 403


class Conflict(DomainError):
    code, status = "conflict", 409


class WrongState(Conflict):
    """The row is in a state from which this move is not allowed."""

    code = "wrong_state"


class InvalidInput(DomainError):
    """A value cannot be taken; ``errors`` is a list of ``{pointer, code, message}``."""

    code, status = "invalid_input", 400


class Retryable(Exception):
    """Work that may succeed later; the task base retries it with growing pauses."""
