"""Names for people: who is behind the ids that rows carry, and what the machine's own words mean."""

from collections.abc import Iterable
from uuid import UUID

from rupai.accounts.models import Agent, ApiKey, User
from rupai.core import ids
from rupai.pages import formats

_PLATFORM = "platform:"
# Words that do not come out right by taking away underscores.
_SPELLED = {
    "upi": "UPI", "netbanking": "Net banking", "amex": "American Express", "rupay": "RuPay", "jcb": "JCB",
    "phonepe": "PhonePe", "gpay": "Google Pay", "paypal": "PayPal",
}  # fmt: skip


def spelled(code: str) -> str:
    """A method, provider, brand or operation as people write it: ``upi`` is UPI, ``sandbox_alpha`` Sandbox alpha."""
    return _SPELLED.get(code) or formats.words_of(code)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Map the ids of actors to names, with a query for each kind however many there are; an unknown one stays."""
    wanted = {actor for actor in actors if actor}
    names = {actor: _plain(actor) for actor in wanted}
    for model in (User, ApiKey, Agent):
        keys = {key for actor in wanted if (key := _key(model.prefix, actor)) is not None}
        if not keys:
            continue
        for row in model.objects.filter(pk__in=keys):
            names[row.public_id] = _named(row)
    return names


def _named(row: User | ApiKey | Agent) -> str:
    if isinstance(row, User):
        return f"{row.name or row.email}{' (platform)' if row.is_superuser else ''}"
    return f"{'API key' if isinstance(row, ApiKey) else 'Agent'} {row.name}"


def _plain(actor: str) -> str:
    return f"Platform: {actor.removeprefix(_PLATFORM)}" if actor.startswith(_PLATFORM) else actor


def _key(prefix: str, actor: str) -> UUID | None:
    try:
        return ids.parse(prefix, actor)
    except ids.InvalidId:
        return None
