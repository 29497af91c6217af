"""Accounts, holds and burnt ids stay, as transfers do: no emptying, and only the changes that the ledger makes."""

from django.db import migrations

GUARD = """
CREATE TRIGGER account_is_kept BEFORE TRUNCATE ON wallets_account
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER hold_is_kept BEFORE TRUNCATE ON wallets_hold
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER hold_stays BEFORE DELETE ON wallets_hold
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse();
-- Even the ledger ends a hold once, and changes nothing else about it. The condition is part of the trigger, so that
-- what is allowed calls no function.
CREATE TRIGGER hold_ends_once BEFORE UPDATE ON wallets_hold
    FOR EACH ROW WHEN (OLD.state <> 'pending' OR NEW.state = 'pending' OR NEW.resolved_by_id IS NULL
        OR NEW.transfer_id <> OLD.transfer_id OR NEW.expires_at IS DISTINCT FROM OLD.expires_at)
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER burntid_is_immutable BEFORE UPDATE OR DELETE ON wallets_burntid
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER burntid_is_posted BEFORE INSERT ON wallets_burntid
    FOR EACH STATEMENT WHEN (current_setting('rupai.ledger', true) IS DISTINCT FROM 'posting')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER burntid_is_kept BEFORE TRUNCATE ON wallets_burntid
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();
"""
UNDO = """
DROP TRIGGER burntid_is_kept ON wallets_burntid;
DROP TRIGGER burntid_is_posted ON wallets_burntid;
DROP TRIGGER burntid_is_immutable ON wallets_burntid;
DROP TRIGGER hold_ends_once ON wallets_hold;
DROP TRIGGER hold_stays ON wallets_hold;
DROP TRIGGER hold_is_kept ON wallets_hold;
DROP TRIGGER account_is_kept ON wallets_account;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0008_wallet_terms")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
