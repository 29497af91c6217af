"""The ledger's functions, guards and the view of entries, from ``wallets/sql``."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"
FILES = ("types", "compare", "post", "open", "guards", "entry")


def read(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("wallets", "0001_tables")]
    operations = [migrations.RunSQL([read(name) for name in FILES], [read("drop")])]
