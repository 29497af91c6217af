"""A short way for a single transfer, for databases whose functions are older than it."""

from importlib import import_module

from django.db import migrations

read = import_module("wallets.migrations.0002_ledger").read


class Migration(migrations.Migration):
    dependencies = [("wallets", "0006_fx_guard")]
    operations = [migrations.RunSQL([read("post"), read("post_one")], migrations.RunSQL.noop)]
