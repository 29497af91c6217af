-- The ledger only grows. Transfers (and with them the entries, which are their two sides) are never changed or deleted,
-- and counters move only inside wallets_post, which opens the gate `rupai.ledger` for its own duration. A bulk load may
-- open the gate for its session; the invariants then have to prove that it kept the books.
CREATE FUNCTION wallets_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refuses %: the ledger is append-only and written by wallets_post', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER transfer_is_immutable BEFORE UPDATE OR DELETE ON wallets_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER transfer_is_posted BEFORE INSERT ON wallets_transfer
    FOR EACH STATEMENT WHEN (current_setting('rupai.ledger', true) IS DISTINCT FROM 'posting')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER counters_are_posted BEFORE DELETE OR INSERT OR UPDATE OF
    id, account_id, shard, shards, ledger, version, debits_pending, debits_posted, credits_pending, credits_posted
    ON wallets_counters
    FOR EACH STATEMENT WHEN (current_setting('rupai.ledger', true) IS DISTINCT FROM 'posting')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER hold_is_resolved BEFORE INSERT OR UPDATE OR DELETE ON wallets_hold
    FOR EACH STATEMENT WHEN (current_setting('rupai.ledger', true) IS DISTINCT FROM 'posting')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER account_is_immutable BEFORE UPDATE OR DELETE ON wallets_account
    FOR EACH STATEMENT EXECUTE FUNCTION wallets_refuse();

-- Test suites empty tables between tests, which their settings must say out loud.
CREATE TRIGGER transfer_is_kept BEFORE TRUNCATE ON wallets_transfer
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();
CREATE TRIGGER counters_are_kept BEFORE TRUNCATE ON wallets_counters
    FOR EACH STATEMENT WHEN (current_setting('rupai.truncate', true) IS DISTINCT FROM 'allowed')
    EXECUTE FUNCTION wallets_refuse();

-- Half-empty pages keep an update of counters on its page.
ALTER TABLE wallets_counters SET (fillfactor = 50);
