"""From a bearer value to an Actor: API keys here, tokens in ``tokens``."""

from datetime import timedelta

from django.db.models import Q

from rupai.accounts.models import ApiKey
from rupai.core import clock, crypto, ids
from rupai.core.actor import Actor

_TOUCH_EVERY = timedelta(minutes=1)
# Compared against when no key is found, so that an unknown id takes as long as a wrong secret.
_NOBODY = crypto.digest("nobody")


def actor_of_key(value: str, *, address: str | None) -> Actor | None:
    """Authenticate ``rk_<mode>_<id>_<secret>``; None when it is wrong, revoked, expired or its merchant is closed."""
    parts = value.split("_")
    if len(parts) != 4 or parts[0] != "rk" or parts[1] not in {"test", "live"}:
        return None
    try:
        identifier = ids.parse("key", f"key_{parts[2]}")
    except ids.InvalidId:
        return None
    key = ApiKey.objects.select_related("merchant").filter(pk=identifier).first()
    right = crypto.same(key.secret_digest if key else _NOBODY, crypto.digest(parts[3]))
    now = clock.now()
    if key is None or not right or not key.is_usable(now) or not key.merchant.is_active:
        return None
    if key.livemode != (parts[1] == "live"):
        return None
    _touch(key, address)
    return Actor("key", key.public_id, key.merchant_id, key.livemode, frozenset(key.scopes), "rest", key.name)


def _touch(key: ApiKey, address: str | None) -> None:
    """Note the last use at most once a minute: a write per request would make the key's row hot."""
    now = clock.now()
    if key.last_used_at is not None and key.last_used_at > now - _TOUCH_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - _TOUCH_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now, last_used_address=address)
