-- What a caller hears who sends a transfer whose id is taken: `exists` when it says the same as the stored one, else the
-- first field that differs, in a fixed order. Flags come first because they change how the other fields are read.
--
-- A post or void may leave fields open (nil, 0, ''); they then mean what the pending transfer says, and so does the
-- stored row. `-pending_change` of a stored post or void is the whole pending amount.
CREATE FUNCTION wallets_compare(
    stored wallets_transfer,
    debit uuid, credit uuid, amount bigint, pending_id uuid, timeout bigint, ledger integer, kind text, flags integer,
    reference text
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN flags <> stored.flags THEN 'exists_with_different_flags'
        WHEN pending_id <> coalesce(stored.pending_id, '00000000-0000-0000-0000-000000000000')
            THEN 'exists_with_different_pending_id'
        WHEN timeout <> stored.timeout THEN 'exists_with_different_timeout'
        WHEN debit <> stored.debit_account_id
            AND (stored.pending_id IS NULL OR debit <> '00000000-0000-0000-0000-000000000000')
            THEN 'exists_with_different_debit_account_id'
        WHEN credit <> stored.credit_account_id
            AND (stored.pending_id IS NULL OR credit <> '00000000-0000-0000-0000-000000000000')
            THEN 'exists_with_different_credit_account_id'
        WHEN CASE
                WHEN flags & {post} <> 0 AND amount = 9223372036854775807 THEN stored.amount <> -stored.pending_change
                WHEN flags & {void} <> 0 AND amount = 0 THEN false
                WHEN flags & ({balancing_debit} | {balancing_credit}) <> 0 THEN amount < stored.amount
                ELSE amount <> stored.amount
            END THEN 'exists_with_different_amount'
        WHEN reference <> stored.reference AND (stored.pending_id IS NULL OR reference <> '')
            THEN 'exists_with_different_reference'
        WHEN ledger NOT IN (-1, stored.ledger) AND (stored.pending_id IS NULL OR ledger <> 0)
            THEN 'exists_with_different_ledger'
        WHEN kind <> stored.kind AND (stored.pending_id IS NULL OR kind <> '') THEN 'exists_with_different_code'
        ELSE 'exists'
    END
$$;
