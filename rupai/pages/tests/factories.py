"""Staff who are signed in."""

from django.test import Client

from rupai.accounts.models import User
from rupai.core import clock
from rupai.pages.step_up import _KEY


def signed_in(user: User, *, verified: bool = True) -> Client:
    """A browser of a person, who (verified) gave the password just now."""
    client = Client()
    client.force_login(user, backend="rupai.accounts.backends.EmailBackend")
    if verified:
        session = client.session
        session[_KEY] = clock.now().timestamp()
        session.save()
    return client
