-- Post transfers: the one way in which money moves. One call takes any number of transfers as parallel arrays and answers
-- with one result and the amount moved for each; a single transfer is an array of one.
--
-- Most calls bring one plain transfer or hold, which nothing speaks against. It is counted here with one statement for
-- each of its accounts, in the order in which wallets_post_all locks them, and written with a third. Whatever does not fit
-- is taken back, while its rows are locked, and goes to wallets_post_all, which alone says why something is refused.
--
-- The planner settings fix the plans that suit large tables, whatever the statistics say.
CREATE OR REPLACE FUNCTION wallets_post(
    p_at timestamptz,
    p_ids uuid[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], p_pending_ids uuid[], p_timeouts bigint[],
    p_ledgers integer[], p_kinds text[], p_flags integer[], p_references text[],
    OUT results text[], OUT amounts bigint[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    nil constant uuid := '00000000-0000-0000-0000-000000000000';
    last constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    most constant bigint := 9223372036854775807;
    v_id constant uuid := p_ids[1];
    v_flags constant integer := p_flags[1];
    v_amount constant bigint := p_amounts[1];
    v_debit_first constant boolean := p_debits[1] < p_credits[1];
    v_held bigint := 0;                          -- change of the pending counters, and of the posted ones
    v_posted bigint := 0;
    v_at timestamptz := p_at;
    v_gate text;
    r wallets_counters;
    d wallets_counters;
    c wallets_counters;
BEGIN
    IF cardinality(p_ids) = 1 AND v_flags & ~{pending} = 0 AND p_pending_ids[1] = nil AND p_timeouts[1] = 0
        AND p_kinds[1] <> '' AND v_id <> nil AND v_id <> last AND p_debits[1] <> p_credits[1]
    THEN
        IF v_flags = 0 THEN v_posted := v_amount; ELSE v_held := v_amount; END IF;
        v_gate := set_config('rupai.ledger', 'posting', true);
        FOR side IN 1 .. 2 LOOP
            IF (side = 1) = v_debit_first THEN
                UPDATE wallets_counters b
                SET debits_pending = b.debits_pending + v_held, debits_posted = b.debits_posted + v_posted,
                    version = b.version + 1, touched_at = greatest(b.touched_at, v_at)
                WHERE b.account_id = p_debits[1] AND b.shard = pg_backend_pid() % b.shards AND NOT b.closed
                    AND (b.touched_at <= v_at OR side = 1) AND v_amount <= most - b.debits_pending - b.debits_posted
                    AND (b.debits_pending + b.debits_posted + v_amount - b.debits_may_exceed_by > b.credits_posted)
                        IS NOT TRUE
                RETURNING b.* INTO d;
                v_at := d.touched_at;
            ELSE
                UPDATE wallets_counters b
                SET credits_pending = b.credits_pending + v_held, credits_posted = b.credits_posted + v_posted,
                    version = b.version + 1, touched_at = greatest(b.touched_at, v_at)
                WHERE b.account_id = p_credits[1] AND b.shard = pg_backend_pid() % b.shards AND NOT b.closed
                    AND (b.touched_at <= v_at OR side = 1) AND v_amount <= most - b.credits_pending - b.credits_posted
                    AND (b.credits_pending + b.credits_posted + v_amount - b.credits_may_exceed_by > b.debits_posted)
                        IS NOT TRUE
                RETURNING b.* INTO c;
                v_at := c.touched_at;
            END IF;
            EXIT WHEN v_at IS NULL;
        END LOOP;
        IF d.ledger = c.ledger AND d.merchant_id = c.merchant_id AND p_ledgers[1] IN (-1, d.ledger) THEN
            -- Both rows are locked, so what burnt or used this id before is seen. In the order of the table's columns.
            INSERT INTO wallets_transfer
            SELECT v_id, d.merchant_id, d.livemode, v_at, d.account_id, c.account_id, v_amount, v_held, v_posted,
                NULL, 0, d.ledger, v_flags, p_kinds[1], p_references[1], d.shard, c.shard, d.version, c.version,
                d.debits_pending, d.debits_posted, d.credits_pending, d.credits_posted,
                c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted
            WHERE NOT EXISTS (SELECT FROM wallets_burntid x WHERE x.id = v_id)
            ON CONFLICT (id) DO NOTHING;
            IF FOUND THEN
                IF v_flags <> 0 THEN
                    INSERT INTO wallets_hold (transfer_id, state) VALUES (v_id, 'pending');
                END IF;
                v_gate := set_config('rupai.ledger', '', true);
                results := ARRAY['created'];
                amounts := p_amounts;
                RETURN;
            END IF;
        END IF;
        FOREACH r IN ARRAY ARRAY[d, c] LOOP
            UPDATE wallets_counters b
            SET debits_pending = b.debits_pending - CASE WHEN b.id = d.id THEN v_held ELSE 0 END,
                debits_posted = b.debits_posted - CASE WHEN b.id = d.id THEN v_posted ELSE 0 END,
                credits_pending = b.credits_pending - CASE WHEN b.id = c.id THEN v_held ELSE 0 END,
                credits_posted = b.credits_posted - CASE WHEN b.id = c.id THEN v_posted ELSE 0 END,
                version = b.version - 1
            WHERE b.id = r.id;
        END LOOP;
    END IF;
    SELECT w.results, w.amounts INTO results, amounts
    FROM wallets_post_all(p_at, p_ids, p_debits, p_credits, p_amounts, p_pending_ids, p_timeouts, p_ledgers, p_kinds,
                          p_flags, p_references) w;
END
$$;
