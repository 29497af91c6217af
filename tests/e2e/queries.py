"""How many queries each page of the console makes, asked in this process."""

from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rupai.accounts.models import User
from tests.e2e.addresses import Address, addresses
from tests.e2e.world import PASSWORD, SUPERUSER


def counted() -> Iterator[tuple[Address, int]]:
    """Every page that a superuser may open, with its queries once all caches of the process are warm."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.post("/admin/login/", {"username": SUPERUSER, "password": PASSWORD, "code": ""})
    for address in addresses(User.objects.get(email=SUPERUSER)):
        if not isinstance(address, Address) or address.status != 200 or address.name == "set_password":
            continue
        if client.get(address.path).status_code != 200:
            continue
        with CaptureQueriesContext(connection) as queries:
            client.get(address.path)
        yield address, len(queries)
