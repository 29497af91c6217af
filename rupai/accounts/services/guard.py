"""Bounds the tries to sign in, per account name and per address.

The counters live in the database: a lost cache must not open the door, and no database means no sign-in anyway.
A try is counted before the password is looked at: many tries at once get no further than as many in a row.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from rupai.accounts.models import SignInGuard
from rupai.core import clock, crypto
from rupai.core.addresses import neighbourhood
from rupai.core.errors import DomainError


class TooManyTries(DomainError):
    """The same words for every name, with an account or without, and for right and wrong passwords."""

    code, status = "too_many_tries", 429
    hint = "Wait for the time in Retry-After."


@dataclass(frozen=True, slots=True)
class Limit:
    """``tries`` are let through; the next is refused until ``pause`` after the last of them."""

    tries: int
    pause: timedelta


NAME = Limit(10, timedelta(minutes=30))
ADDRESS = Limit(100, timedelta(minutes=10))


def subject_of_name(email: str) -> str:
    """The counter of an account name; typed names are personal data, so only a keyed digest is kept."""
    return crypto.blind_indexes(email.strip().lower(), purpose="sign_in.name")[0].hex()


def subject_of_address(address: str | None) -> str:
    """The counter of a caller's address."""
    return crypto.blind_indexes(neighbourhood(address), purpose="sign_in.address")[0].hex()


def take(subject: str, limit: Limit) -> None:
    """Count one try, in a committed transaction of its own.

    :raises TooManyTries: when the tries are used up; the refused try is not counted.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        SignInGuard.objects.bulk_create([SignInGuard(subject=subject, last_failure_at=now)], ignore_conflicts=True)
        found = SignInGuard.objects.select_for_update().get(pk=subject)
        if found.locked_until is not None and found.locked_until > now:
            refusal = TooManyTries("Too many tries. Try again later.")
            refusal.retry_after = max(1, -(-(found.locked_until - now) // timedelta(seconds=1)))
            raise refusal
        forgotten = found.locked_until is not None or found.last_failure_at <= now - limit.pause
        found.failures = 1 if forgotten else found.failures + 1
        found.last_failure_at = now
        found.locked_until = now + limit.pause if found.failures >= limit.tries else None
        found.save()


def clear(subject: str) -> None:
    """Forget all tries of a name: it has just signed in."""
    SignInGuard.objects.filter(pk=subject).delete()


def give_back(subject: str) -> None:
    """Uncount one try of an address: it was right. Wrong tries for other names from there stay counted."""
    SignInGuard.objects.filter(pk=subject).update(failures=Greatest(F("failures") - 1, 0), locked_until=None)


def forget_old(*, limit: int = 5000) -> int:
    """Delete counters that no longer refuse anything; tell how many."""
    old = SignInGuard.objects.filter(last_failure_at__lte=clock.now() - NAME.pause).order_by("last_failure_at")
    return SignInGuard.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
