-- Open accounts: parallel arrays in, one result per account out, with the same rules as wallets_post: fixed precedence
-- (the order of the WHEN branches), linked chains that are opened together or not at all, and ids that are the caller's,
-- so that asking again answers `exists`. Opening one place of a chart from two connections opens it once; the loser hears
-- `place_already_taken`.
--
-- Flags: 1 linked, 2 debits must not exceed credits, 4 credits must not exceed debits, 32 closed. A nil owner means none.
CREATE FUNCTION wallets_open(
    p_at timestamptz,
    p_ids uuid[], p_merchants uuid[], p_livemodes boolean[], p_ledgers integer[], p_currencies text[], p_codes integer[],
    p_owners uuid[], p_flags integer[], p_overdrafts bigint[], p_shards integer[],
    OUT results text[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    nil constant uuid := '00000000-0000-0000-0000-000000000000';
    last constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    linked constant integer := 1;
    debits_limited constant integer := 2;
    credits_limited constant integer := 4;
    limited constant integer := debits_limited | credits_limited;
    closed constant integer := 32;
    v_count constant integer := coalesce(cardinality(p_ids), 0);
    v_new wallets_account[] := '{}';
    v_opened uuid[];
    v_chain integer := 0;
    v_chain_new integer;
    v_broken boolean := false;
    v_result text;
    v_gate text;
    e wallets_account;
BEGIN
    FOR i IN 1 .. v_count LOOP
        IF p_flags[i] & linked <> 0 AND v_chain = 0 THEN
            v_chain := i;
            v_chain_new := cardinality(v_new);
        END IF;
        SELECT * INTO e FROM wallets_account a WHERE a.id = p_ids[i];
        IF array_position(p_ids, p_ids[i]) < i THEN
            SELECT * INTO e FROM unnest(v_new) n WHERE n.id = p_ids[i] UNION ALL SELECT (e).*;
        END IF;
        v_result := CASE
            WHEN p_flags[i] & linked <> 0 AND i = v_count THEN 'linked_event_chain_open'
            WHEN v_broken THEN 'linked_event_failed'
            WHEN p_flags[i] & ~(linked | limited | closed) <> 0 THEN 'reserved_flag'
            WHEN p_ids[i] = nil THEN 'id_must_not_be_zero'
            WHEN p_ids[i] = last THEN 'id_must_not_be_int_max'
            WHEN e.id IS NOT NULL THEN CASE
                WHEN p_flags[i] <> e.flags THEN 'exists_with_different_flags'
                WHEN p_merchants[i] <> e.merchant_id THEN 'exists_with_different_merchant'
                WHEN p_owners[i] <> coalesce(e.owner_id, nil) THEN 'exists_with_different_owner'
                WHEN p_ledgers[i] <> e.ledger THEN 'exists_with_different_ledger'
                WHEN p_codes[i] <> e.code THEN 'exists_with_different_code'
                ELSE 'exists' END
            WHEN p_flags[i] & limited = limited THEN 'flags_are_mutually_exclusive'
            WHEN p_ledgers[i] = 0 THEN 'ledger_must_not_be_zero'
            WHEN p_codes[i] = 0 THEN 'code_must_not_be_zero'
            ELSE 'created'
        END;
        IF v_result = 'created' THEN
            e.id := p_ids[i];
            e.merchant_id := p_merchants[i];
            e.livemode := p_livemodes[i];
            e.created_at := p_at;
            e.ledger := p_ledgers[i];
            e.currency := p_currencies[i];
            e.code := p_codes[i];
            e.owner_id := nullif(p_owners[i], nil);
            e.flags := p_flags[i];
            e.shards := p_shards[i];
            v_new := v_new || e;
        ELSIF v_chain > 0 AND NOT v_broken THEN
            v_broken := true;
            v_new := v_new[1 : v_chain_new];
            FOR j IN v_chain .. i - 1 LOOP
                results[j] := 'linked_event_failed';
            END LOOP;
        END IF;
        IF v_chain > 0 AND (p_flags[i] & linked = 0 OR i = v_count) THEN
            v_chain := 0;
            v_broken := false;
        END IF;
        results[i] := v_result;
    END LOOP;

    v_gate := set_config('rupai.ledger', 'posting', true);
    WITH opened AS (INSERT INTO wallets_account SELECT * FROM unnest(v_new) ON CONFLICT DO NOTHING RETURNING id)
    SELECT coalesce(array_agg(id), '{}') INTO v_opened FROM opened;
    INSERT INTO wallets_counters (
        account_id, shard, shards, merchant_id, livemode, ledger, debits_may_exceed_by, credits_may_exceed_by, closed,
        version, touched_at, debits_pending, debits_posted, credits_pending, credits_posted)
    SELECT n.id, shard, n.shards, n.merchant_id, n.livemode, n.ledger,
           CASE WHEN n.flags & debits_limited <> 0 THEN p_overdrafts[array_position(p_ids, n.id)] END,
           CASE WHEN n.flags & credits_limited <> 0 THEN p_overdrafts[array_position(p_ids, n.id)] END,
           n.flags & closed <> 0, 0, p_at, 0, 0, 0, 0
    FROM unnest(v_new) n, generate_series(0, n.shards - 1) shard WHERE n.id = ANY (v_opened);

    FOR i IN 1 .. v_count LOOP
        IF results[i] = 'created' AND p_ids[i] <> ALL (v_opened) THEN
            IF v_chain_new IS NOT NULL THEN
                RAISE EXCEPTION 'A place in the chart was taken by another transaction'
                    USING ERRCODE = 'serialization_failure', HINT = 'Roll back and open the accounts again.';
            END IF;
            results[i] := 'place_already_taken';
        END IF;
    END LOOP;
    v_gate := set_config('rupai.ledger', '', true);
END
$$;
