"""The one check of name, password and code behind every way to sign in; all failures look and cost the same."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from rupai.accounts.models import User
from rupai.accounts.services import guard, second_factor
from rupai.core.errors import DomainError


class InvalidCredentials(DomainError):
    """Unknown name, wrong password, wrong or missing code, closed account: one answer for all."""

    code, status = "invalid_credentials", 401
    hint = "Check e-mail and password, and send the code of your authenticator app if you use one."

    def __init__(self) -> None:
        super().__init__("The credentials are not right")


def check_credentials(
    *, email: str, password: str, code: str, address: str | None, request: HttpRequest | None = None
) -> User:
    """Return the person who signs in; ``otp_device`` on it is the second factor that was used, if any.

    :raises InvalidCredentials: when anything is wrong.
    :raises TooManyTries: when the name or the address has used up its tries, whatever was given now.
    """
    place, name = guard.subject_of_address(address), guard.subject_of_name(email)
    guard.take(place, guard.ADDRESS)
    guard.take(name, guard.NAME)
    # Hashes once for unknown names and unusable passwords, too.
    user = authenticate(request, username=email, password=password)
    if user is None or not _passes(user, code):
        raise InvalidCredentials
    guard.clear(name)
    guard.give_back(place)
    return user


def confirm_again(*, user: User, proof: str, codes: bool = True) -> bool:
    """Whether someone who is signed in proves it once more by password, or by a code; wrong proofs count as tries.

    :raises TooManyTries: when the tries of the name are used up.
    """
    name = guard.subject_of_name(user.email)
    guard.take(name, guard.NAME)
    right = user.check_password(proof) or (codes and second_factor.use_code(user=user, code=proof) is not None)
    if right:
        guard.clear(name)
    return right


def _passes(user: User, code: str) -> bool:
    if second_factor.enrolled(user) is None:
        return True
    device = second_factor.use_code(user=user, code=code)
    user.otp_device = device
    return device is not None
