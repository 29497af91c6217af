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
