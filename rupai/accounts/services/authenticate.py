"""From a bearer value to an Actor: API keys here, tokens in ``tokens``."""

from uuid import UUID

from rupai.accounts.models import ApiKey, Merchant
from rupai.accounts.services import uses
from rupai.core import clock, crypto, ids, statements
from rupai.core.actor import Actor

# Compared against when no key is found, so that an unknown id takes as long as a wrong secret.
_NOBODY = crypto.digest("nobody")
_KEY = "FROM accounts_apikey t0 JOIN accounts_merchant t1 ON t1.id = t0.merchant_id WHERE t0.id = %s"


def actor_of_key(value: str, *, address: str | None, agent: str = "") -> Actor | None:
    """Authenticate ``rk_<mode>_<id>_<secret>``; None when it is wrong, revoked, expired or its merchant is closed."""
    parts = value.split("_")
    if len(parts) != 4 or parts[0] != "rk" or parts[1] not in {"test", "live"}:
        return None
    try:
        identifier = ids.parse("key", f"key_{parts[2]}")
    except ids.InvalidId:
        return None
    key = _key(identifier)
    right = crypto.same(key.secret_digest if key else _NOBODY, crypto.digest(parts[3]))
    now = clock.now()
    if key is None or not right or not key.is_usable(now) or not key.merchant.is_active:
        return None
    if key.livemode != (parts[1] == "live"):
        return None
    uses.note(key, address=address, agent=agent)
    return Actor("key", key.public_id, key.merchant_id, key.livemode, frozenset(key.scopes), "rest", key.name)


def _key(identifier: UUID) -> ApiKey | None:
    for key, merchant in statements.read([ApiKey, Merchant], _KEY, [identifier]):
        key.merchant = merchant
        found: ApiKey = key
        return found
    return None
