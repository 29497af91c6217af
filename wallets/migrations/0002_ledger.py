"""The ledger's functions, guards and the view of entries, from ``wallets/sql``."""

from pathlib import Path

from django.db import migrations

from wallets.states import TransferFlag

SQL = Path(__file__).resolve().parents[1] / "sql"
FILES = ("types", "compare", "post", "post_one", "open", "guards", "entry")
# Stored transfers carry these numbers, so they never change.
FLAGS = {str(flag.name).lower(): flag.value for flag in TransferFlag} | {
    "resolving": TransferFlag.POST | TransferFlag.VOID | TransferFlag.EXPIRE,
    "closing": TransferFlag.CLOSING_DEBIT | TransferFlag.CLOSING_CREDIT,
}


def read(name: str) -> str:
    """Read a file, with numbers in place of the flags that it names in braces."""
    text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    for flag, number in FLAGS.items():
        text = text.replace(f"{{{flag}}}", str(int(number)))
    return text


class Migration(migrations.Migration):
    dependencies = [("wallets", "0001_tables")]
    operations = [migrations.RunSQL([read(name) for name in FILES], [read("drop")])]
