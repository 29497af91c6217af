"""Why an approval is refused."""

from rupai.core.errors import Conflict, DomainError


class OwnRequest(DomainError):
    """Four eyes: whoever asks cannot agree."""

    code, status = "own_request", 403
    hint = "Ask a colleague who has the scope to decide."


class NotWaiting(Conflict):
    """Somebody has decided, or time has."""

    code = "approval_not_waiting"
    hint = "Read the approval again; ask anew if it is still wanted."


class NotRequester(DomainError):
    code, status = "not_requester", 403
    hint = "Reject the request instead."


class UnknownOperation(DomainError):
    """No app has registered an executor under this name."""

    code, status = "unknown_operation", 422


class ReasonMissing(DomainError):
    code, status = "reason_missing", 422
    hint = "Write in a few words why."


class PersonNeeded(DomainError):
    """What an agent or a key wants is decided by people."""

    code, status = "person_needed", 403
    hint = "Ask a person who has the scope to decide in the console."


class AgentStopped(DomainError):
    """The agent behind a wish is killed, expired, or has no owner any more."""

    code, status = "agent_killed", 403
    hint = "Let a person revive the agent, or do it themselves."


class MandateRefused(DomainError):
    """No mandate of the agent covers this; ``reason`` in the details is machine-readable."""

    code, status = "mandate_refused", 403
