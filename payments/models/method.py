"""Saved payment methods (tokens only) and the merchant's accounts at providers."""

import json
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rupai.accounts.models import Customer
from rupai.core import ids
from rupai.core.crypto import SealedField
from rupai.core.rows import TenantRow
from wallets.models import Wallet


class Method(models.TextChoices):
    CARD = "card"
    UPI = "upi"
    NETBANKING = "netbanking"
    WALLET = "wallet"
    BANK_TRANSFER = "bank_transfer"
    CRYPTO = "crypto"


# These move the money in the same step as the authorisation, so nothing can be held back for a person to look at; but a
# wallet of our own can hold it.
ONE_STEP = frozenset({Method.UPI, Method.NETBANKING, Method.WALLET, Method.BANK_TRANSFER, Method.CRYPTO})


class ProviderAccount(TenantRow):
    """A merchant's account at one provider; its credentials are sealed."""

    prefix = "pac"

    provider = models.CharField(max_length=32, db_collation="C")
    name = models.CharField(max_length=80)
    credentials = SealedField(context="payments.provider_account.credentials")
    methods = ArrayField(models.CharField(max_length=16, choices=Method))
    currencies = ArrayField(models.CharField(max_length=3), default=list, blank=True, help_text="Empty means all")
    enabled = models.BooleanField(default=True)
    priority = models.PositiveSmallIntegerField(default=100, help_text="Lower is asked first")

    class Meta:
        verbose_name = "provider account"
        indexes: ClassVar = [models.Index(fields=["merchant_id", "livemode", "priority"], name="provideraccount_order")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant_id", "livemode", "name"], name="provideraccount_name_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.provider})"

    @property
    def configuration(self) -> dict[str, str]:
        """What the connector needs: keys and, where it is not the usual one, the base URL."""
        found: dict[str, str] = json.loads(bytes(self.credentials or b"{}"))
        return found

    @configuration.setter
    def configuration(self, values: dict[str, str]) -> None:
        self.credentials = json.dumps(values).encode()


class PaymentMethod(TenantRow):
    """A token of a provider that stands for a payer's card or account; the number itself never comes here."""

    prefix = "pm"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payment_methods")
    type = models.CharField(max_length=16, choices=Method)
    provider = models.CharField(max_length=32, db_collation="C")
    token = SealedField(context="payments.payment_method.token")
    # Set when the method is the customer's own wallet here; the token is then the wallet's id.
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, null=True, related_name="payment_methods")
    brand = models.CharField(max_length=32, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    country = models.CharField(max_length=2, blank=True)
    detached_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "payment method"
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "livemode", "-created_at", "-id"], name="paymentmethod_newest"),
            models.Index(fields=["last4"], condition=~models.Q(last4=""), name="paymentmethod_last4"),
        ]

    @property
    def secret_token(self) -> str:
        return bytes(self.token or b"").decode()

    def public(self) -> dict[str, Any]:
        """The fields that may be shown."""
        return {
            "payment_method_token": self.public_id,
            "customer_id": self.customer_public_id,
            "type": self.type,
            "provider": self.provider,
            "brand": self.brand,
            "last4": self.last4,
            **({"wallet_id": ids.public_id(Wallet.prefix, self.wallet_id)} if self.wallet_id else {}),
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "country": self.country,
            "status": "detached" if self.detached_at else "active",
            "livemode": self.livemode,
            "created_at": self.created_at.isoformat(),
        }

    @property
    def customer_public_id(self) -> str:
        return ids.public_id(Customer.prefix, self.customer_id)
