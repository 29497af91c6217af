"""Password check by e-mail address that betrays nothing by its time."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from rupai.accounts.models import User


class EmailBackend(ModelBackend):
    """Django's backend with the address in lower case; it hashes even when there is no such user.

    Doors never call it directly but ``services.sign_in``, which bounds the tries and asks for the second factor.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        return super().authenticate(request, username=(username or "").strip().lower(), password=password, **kwargs)


def may_sign_in(user: AbstractBaseUser | None) -> bool:
    """Whether tokens may be issued to a user."""
    return user is not None and user.is_active
