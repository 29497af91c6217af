-- A transfer that another one wants to post, void or expire; lives only inside wallets_post. The state is null when the
-- transfer never was pending.
CREATE TYPE wallets_resolvable AS (
    debit_account_id uuid,
    credit_account_id uuid,
    debit_shard smallint,
    credit_shard smallint,
    amount bigint,
    ledger integer,
    kind text,
    flags smallint,
    reference text,
    expires_at timestamptz,
    state text
);
