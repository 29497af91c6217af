"""A client of the REST door of wallets."""

import secrets
from typing import Any

from rest_framework.test import APIClient

from rupai.accounts.tests.factories import new_key
from wallets.tests.factories import Purse


class Caller:
    """A client with a key of the purse's merchant."""

    def __init__(self, purse: Purse) -> None:
        self.http = APIClient()
        self.http.credentials(HTTP_AUTHORIZATION=f"Bearer {new_key(purse.merchant).secret}")

    def post(self, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Idempotency-Key": key or f"once-{secrets.token_hex(8)}"}
        return self.http.post(f"/api/v1/wallets{path}", body or {}, format="json", headers=headers)

    def get(self, path: str = "", **asked: Any) -> Any:
        return self.http.get(f"/api/v1/wallets{path}", asked)
