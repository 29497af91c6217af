"""The second factor: enrolling an authenticator app, and taking each of its codes once (RFC 6238)."""

import base64
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django_otp.oath import TOTP

from rupai.accounts.models import Authenticator, User
from rupai.core import clock, crypto
from rupai.core.errors import DomainError, WrongState

RECOVERY_CODES = 10
_SECRET_BYTES = 20
_STEP_SECONDS, _DIGITS, _TOLERANCE = 30, 6, 1
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class WrongCode(DomainError):
    code, status = "wrong_code", 422
    hint = "Codes change every 30 seconds and work once; check the clock of your device."


@dataclass(frozen=True, slots=True)
class Pending:
    """What the authenticator app needs: the address for its camera, and the secret to type."""

    address: str
    secret: str


def enrolled(user: User) -> Authenticator | None:
    """The confirmed second factor of a person."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def begin(*, user: User) -> Pending:
    """Make a secret that counts only once a code of it was given; asking again shows the same one.

    :raises WrongState: when the person has a second factor already.
    """
    fresh = {
        "name": "Authenticator app",
        "confirmed": False,
        "secret": secrets.token_bytes(_SECRET_BYTES),
        "created_at": clock.now(),
    }
    device, _ = Authenticator.objects.get_or_create(user=user, defaults=fresh)
    if device.confirmed:
        raise WrongState("A second factor is set up already", hint="Remove it first.")
    secret = base64.b32encode(bytes(device.secret or b"")).decode()
    issuer = settings.OTP_TOTP_ISSUER
    query = urlencode({"secret": secret, "issuer": issuer, "digits": _DIGITS, "period": _STEP_SECONDS})
    return Pending(f"otpauth://totp/{quote(f'{issuer}:{user.email}')}?{query}", secret)


def confirm(*, user: User, code: str) -> tuple[Authenticator, list[str]]:
    """Make the pending second factor count, and return it with its recovery codes, which exist only in this answer.

    :raises WrongCode: when the code is not of the pending secret.
    """
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().filter(user=user, confirmed=False).first()
        step = None if device is None else _step_of(device, code)
        if device is None or step is None:
            raise WrongCode("This is not the code that the app shows now")
        codes = ["-".join(_group() for _ in range(5)) for _ in range(RECOVERY_CODES)]
        device.last_step = step
        device.recovery_digests = [crypto.digest(_bare(code)) for code in codes]
        device.confirmed = True
        device.save()
        return device, codes


def use_code(*, user: User, code: str) -> Authenticator | None:
    """Take a code of the app, or a recovery code; either works once. None when it is wrong or there is no device."""
    with transaction.atomic():
        device: Authenticator | None = (
            Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
        )
        if device is None:
            return None
        step = _step_of(device, code)
        if step is not None:
            device.last_step = step
            device.save(update_fields=["last_step"])
            return device
        given = crypto.digest(_bare(code))
        left = [digest for digest in device.recovery_digests if not crypto.same(digest, given)]
        if len(left) == len(device.recovery_digests):
            return None
        device.recovery_digests = left
        device.save(update_fields=["recovery_digests"])
        return device


def remove(*, user: User) -> None:
    """Take a person's second factor away; whoever asks was checked by the door."""
    Authenticator.objects.filter(user=user).delete()


def _step_of(device: Authenticator, code: str) -> int | None:
    """The time step whose code this is, if it is later than the last one used."""
    text = code.replace(" ", "")
    if len(text) != _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    clockwork = TOTP(bytes(device.secret or b""), step=_STEP_SECONDS, digits=_DIGITS)
    clockwork.time = clock.now().timestamp()
    if not clockwork.verify(int(text), tolerance=_TOLERANCE, min_t=device.last_step + 1):
        return None
    step: int = clockwork.t()
    return step


def _group() -> str:
    # Five groups of five out of 32 characters are 125 bits: no dictionary reaches their plain digest.
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def _bare(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()
