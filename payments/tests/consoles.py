"""People of a shop at the console, by Django's test client, without JavaScript."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from rupai.accounts.models import Membership, Merchant, User
from rupai.accounts.tests.factories import new_member, new_user
from rupai.core import clock
from rupai.pages.step_up import _KEY


def signed_in(user: User) -> Client:
    """A browser of someone who has just given their password."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[_KEY] = clock.now().timestamp()
    session.save()
    return client


class Person:
    """Someone at the console who reads pages, fills forms in and sends them."""

    def __init__(self, merchant: Merchant, role: str = "finance", *, root: bool = False) -> None:
        self.member: Membership | None = None if root else new_member(merchant, role, is_staff=True)
        self.user = new_user(is_staff=True, is_superuser=True) if self.member is None else self.member.user
        self.client = signed_in(self.user)

    def get(self, page: str, *args: str, query: str = "", **headers: str) -> Any:
        return self.client.get(reverse(f"admin:{page}", args=args) + query, headers=headers)

    def read(self, page: str, *args: str, query: str = "") -> str:
        """The words of a page, without its tags."""
        answer = self.get(page, *args, query=query)
        assert answer.status_code == 200, answer.status_code
        return words(answer)

    def send(self, page: str, *args: str, query: str = "", fields: Mapping[str, Any] | None = None) -> Any:
        """Open a page's form and send it with all that stands in it, changed by the given fields."""
        url = reverse(f"admin:{page}", args=args) + query
        return self.client.post(url, {**hidden(self.client.get(url)), **(fields or {})})

    def landed(self, answer: Any) -> str:
        """The newest message that will be shown where a redirect leads."""
        assert answer.status_code == 302, (answer.status_code, words(answer))
        return str([*get_messages(answer.wsgi_request)][-1])


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    text = re.sub(r"<[^>]+>", " ", text).replace("&nbsp;", " ").replace("\u00a0", " ").replace("&#x27;", "'")
    return re.sub(r"\s+", " ", text)


def hidden(answer: Any) -> dict[str, list[str]]:
    """The hidden fields of a page's forms."""
    found: dict[str, list[str]] = {}
    pattern = r'<input type="hidden" name="([^"]+)" value="([^"]*)"'
    for name, value in re.findall(pattern, answer.content.decode()):
        found.setdefault(name, []).append(value)
    return found
