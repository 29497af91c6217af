"""Words of the ledger: places in the chart, flags, results and the number of a ledger."""

from enum import IntFlag
from uuid import UUID

from django.db import models

from rupai.core.money import currency

# Where the ledger's functions take a key, the nil key means "not given".
NIL = UUID(int=0)
# Test money can never meet live money: a currency has another ledger in test mode, and no transfer crosses ledgers.
TEST_LEDGERS = 1000


def ledger_of(currency_code: str, *, livemode: bool) -> int:
    """Number the ledger of a currency: its ISO 4217 numeric code, plus 1000 in test mode.

    :raises UnknownCurrency: for a currency that cannot be paid in.
    """
    return currency(currency_code).numeric + (0 if livemode else TEST_LEDGERS)


class AccountCode(models.IntegerChoices):
    """What an account is for: its place in the chart of a merchant, mode and currency."""

    PROVIDER_CLEARING = 1
    BANK = 2
    MERCHANT_PAYABLE = 3
    CUSTOMER_WALLET = 4
    FEE_REVENUE = 5
    PROVIDER_FEES = 6
    FX_LIQUIDITY = 7
    RESERVE = 8
    SUSPENSE = 9


# Accounts that grow by debits (what others hold for us, and costs); all the rest grow by credits.
DEBIT_NORMAL = frozenset({AccountCode.PROVIDER_CLEARING, AccountCode.BANK, AccountCode.PROVIDER_FEES})


class AccountFlag(IntFlag):
    LINKED = 1
    DEBITS_MUST_NOT_EXCEED_CREDITS = 2
    CREDITS_MUST_NOT_EXCEED_DEBITS = 4
    CLOSED = 32


class TransferFlag(IntFlag):
    LINKED = 1
    PENDING = 2
    POST = 4
    VOID = 8
    BALANCING_DEBIT = 16
    BALANCING_CREDIT = 32
    CLOSING_DEBIT = 64
    CLOSING_CREDIT = 128
    EXPIRE = 512


class HoldState(models.TextChoices):
    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class Side(models.TextChoices):
    DEBIT = "debit"
    CREDIT = "credit"


class WalletStatus(models.TextChoices):
    """Frozen: money neither leaves nor arrives, but holds can be released. Closed: empty for ever."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


NEXT_WALLET: dict[str, frozenset[WalletStatus]] = {
    WalletStatus.ACTIVE: frozenset({WalletStatus.FROZEN, WalletStatus.CLOSED}),
    WalletStatus.FROZEN: frozenset({WalletStatus.ACTIVE}),
    WalletStatus.CLOSED: frozenset(),
}


class KycLevel(models.IntegerChoices):
    """How well the holder is known, which decides how much may leave the wallet."""

    MINIMAL = 0
    BASIC = 1
    FULL = 2
