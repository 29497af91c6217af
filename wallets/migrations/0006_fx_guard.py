"""Exchange rates are only ever added: what was in force at a moment can be told for ever."""

from django.db import migrations

GUARD = """
CREATE TRIGGER fxrate_is_immutable BEFORE UPDATE OR DELETE ON wallets_fxrate
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER fxrate_is_kept BEFORE TRUNCATE ON wallets_fxrate
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();
"""
UNDO = """
DROP TRIGGER fxrate_is_kept ON wallets_fxrate;
DROP TRIGGER fxrate_is_immutable ON wallets_fxrate;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0005_wallet_transfers")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
