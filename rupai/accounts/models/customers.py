"""Payers of a merchant."""

import json
from typing import ClassVar

from django.db import models

from rupai.core import crypto
from rupai.core.rows import TenantRow


class Customer(TenantRow):
    """A payer of one merchant. Personal data is sealed under a key of its own: destroying the key erases the person."""

    prefix = "cust"

    data_key = crypto.SealedField(null=True, context="accounts.customer.data_key", editable=False)
    personal = models.BinaryField(editable=False)
    email_index = models.BinaryField(max_length=32, null=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "customer"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="customer_newest"),
            models.Index(fields=["merchant_id", "livemode", "email_index"], name="customer_email"),
        ]

    def person(self) -> dict[str, str]:
        """The personal data: ``name``, ``email``, ``phone``; empty once erased."""
        if self.data_key is None:
            return {}
        plain = crypto.unseal(bytes(self.personal), context=self._context, key=bytes(self.data_key))
        found: dict[str, str] = json.loads(plain)
        return found

    def set_person(self, person: dict[str, str]) -> None:
        """Seal personal data and index the e-mail address for exact search."""
        if self.data_key is None:
            self.data_key = crypto.new_data_key()
        self.personal = crypto.seal(json.dumps(person).encode(), context=self._context, key=bytes(self.data_key))
        email = person.get("email", "").strip().lower()
        self.email_index = email_indexes(email)[0] if email else None

    @property
    def _context(self) -> str:
        return f"accounts.customer.personal:{self.pk}"

    @property
    def name(self) -> str:
        return self.person().get("name", "")

    @property
    def email(self) -> str:
        return self.person().get("email", "")

    @property
    def phone(self) -> str:
        return self.person().get("phone", "")


def email_indexes(email: str) -> list[bytes]:
    """Blind indexes of an e-mail address, newest key first."""
    return crypto.blind_indexes(email.strip().lower(), purpose="customer.email")
