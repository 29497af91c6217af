-- Post any transfers: what wallets_post (post_one.sql) does with all calls but the plainest ones.
--
-- The order of work keeps it fast and safe: (1) lock every row of counters that will be touched, always in the same
-- order, so that no two calls can wait for each other; (2) decide and count in memory; (3) write everything with one
-- statement per table. Nothing is written before all is decided, so a broken chain is undone by forgetting it.
--
-- Results follow a fixed precedence: the order of the WHEN branches *is* that precedence. The id of a transfer that failed
-- for a passing reason (money or an account missing) is burnt: it never succeeds later.
--
-- Flags: 1 linked, 2 pending, 4 post, 8 void, 16 balancing debit, 32 balancing credit, 64 closing debit,
-- 128 closing credit, 512 expire (a void by the platform, only once the time is up). Nil ids mean "not given", an amount
-- of 2^63 - 1 "as much as there is", a ledger of -1 "that of the accounts"; a kind is what other ledgers call a code.
-- Arrays are as long as p_ids and hold no nulls; amounts and timeouts (seconds) are not negative. An account's rows never
-- go back in time: the transfers get the latest of p_at and the times of the locked rows.
--
-- A name in braces is a flag, {resolving} is post, void and expire together and {closing} both closings; the migration puts
-- numbers there, because variables would cost time in every call; rupai.ledger opens the guards.
CREATE OR REPLACE FUNCTION wallets_post_all(
    p_at timestamptz,
    p_ids uuid[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], p_pending_ids uuid[], p_timeouts bigint[],
    p_ledgers integer[], p_kinds text[], p_flags integer[], p_references text[],
    OUT results text[], OUT amounts bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    nil constant uuid := '00000000-0000-0000-0000-000000000000';
    last constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    most constant bigint := 9223372036854775807;
    end_of_time constant timestamptz := '2262-04-11 23:47:16.854775+00';

    v_count constant integer := coalesce(cardinality(p_ids), 0);
    v_at timestamptz;
    v_all_flags integer := 0;
    v_resolving boolean := false;
    v_touched uuid[] := p_debits || p_credits;
    v_exact text[];                              -- account:shard that holds were made on
    v_whole uuid[] := '{}';                      -- accounts of which all shards are needed
    v_known boolean;
    -- The locked rows, and where to find them.
    v_rows wallets_counters[];
    v_homes uuid[];                              -- the account of a row to which this connection posts new transfers
    v_slots text[];                              -- account:shard of a row, filled when holds are resolved
    v_pendings wallets_resolvable[] := '{}';
    v_pending_ids uuid[] := '{}';
    -- What will be written.
    v_new wallets_transfer[] := '{}';
    v_burnt uuid[] := '{}';
    v_burnt_results text[] := '{}';
    v_written integer;
    v_gate text;
    -- The open chain: its first event (0: none) and what to go back to when it breaks.
    v_chain integer := 0;
    v_broken boolean := false;
    v_chain_rows wallets_counters[];
    v_chain_pendings wallets_resolvable[];
    v_chain_new integer;
    -- The event at hand.
    v_id uuid;
    v_flags integer;
    v_amount bigint;
    v_held bigint;                               -- change of the pending counters, and of the posted ones
    v_posted bigint;
    v_kind text;
    v_reference text;
    v_result text;
    v_debit integer;
    v_credit integer;
    v_pending integer;
    d wallets_counters;
    c wallets_counters;
    p wallets_resolvable;
    t wallets_transfer;
BEGIN
    -- (1) Lock. Hot accounts have several rows (shards) and each connection keeps to one; a hold is resolved on the shard
    -- it was made on; balancing and closing need all shards of an account.
    FOREACH v_flags IN ARRAY p_flags LOOP
        v_all_flags := v_all_flags | v_flags;
    END LOOP;
    IF v_all_flags & ({balancing_debit} | {balancing_credit} | {closing}) <> 0 THEN
        FOR i IN 1 .. v_count LOOP
            IF p_flags[i] & ({balancing_debit} | {closing_debit}) <> 0 THEN v_whole := v_whole || p_debits[i]; END IF;
            IF p_flags[i] & ({balancing_credit} | {closing_credit}) <> 0 THEN v_whole := v_whole || p_credits[i]; END IF;
        END LOOP;
    END IF;
    IF v_all_flags & {resolving} <> 0 THEN
        v_resolving := true;
        SELECT coalesce(array_agg(h.id), '{}'),
               v_touched || array_agg(h.debit_account_id) || array_agg(h.credit_account_id),
               array_agg(h.debit_account_id || ':' || h.debit_shard)
               || array_agg(h.credit_account_id || ':' || h.credit_shard),
               v_whole || array_agg(h.debit_account_id) FILTER (WHERE h.flags & {closing_debit} <> 0)
               || array_agg(h.credit_account_id) FILTER (WHERE h.flags & {closing_credit} <> 0)
        INTO v_pending_ids, v_touched, v_exact, v_whole
        FROM wallets_transfer h WHERE h.id = ANY (p_pending_ids);
    END IF;
    IF v_all_flags & ~({linked} | {pending}) = 0 THEN
        SELECT array_agg(q.b), array_agg((q.b).account_id), greatest(p_at, max((q.b).touched_at))
        INTO v_rows, v_homes, v_at
        FROM (
            SELECT b FROM wallets_counters b
            WHERE b.account_id = ANY (v_touched) AND b.shard = pg_backend_pid() % b.shards
            ORDER BY b.account_id, b.shard FOR NO KEY UPDATE
        ) q;
    ELSE
        SELECT array_agg(q.b),
               array_agg(CASE WHEN (q.b).shard = pg_backend_pid() % (q.b).shards THEN (q.b).account_id END),
               array_agg((q.b).account_id || ':' || (q.b).shard), greatest(p_at, max((q.b).touched_at))
        INTO v_rows, v_homes, v_slots, v_at
        FROM (
            SELECT b FROM wallets_counters b
            WHERE b.account_id = ANY (v_touched) AND (
                b.shard = pg_backend_pid() % b.shards OR b.account_id = ANY (v_whole)
                OR b.account_id || ':' || b.shard = ANY (v_exact))
            ORDER BY b.account_id, b.shard FOR NO KEY UPDATE
        ) q;
    END IF;

    -- Read under the locks what another connection may have written just before it let go of them.
    IF v_resolving THEN
        SELECT coalesce(array_agg(h.id), '{}'), coalesce(array_agg(ROW(
                   h.debit_account_id, h.credit_account_id, h.debit_shard, h.credit_shard, h.amount, h.ledger, h.kind,
                   h.flags, h.reference, o.expires_at, o.state)::wallets_resolvable), '{}')
        INTO v_pending_ids, v_pendings
        FROM wallets_transfer h LEFT JOIN wallets_hold o ON o.transfer_id = h.id WHERE h.id = ANY (v_pending_ids);
    END IF;
    v_known := EXISTS (SELECT FROM wallets_transfer x WHERE x.id = ANY (p_ids))
        OR EXISTS (SELECT FROM wallets_burntid x WHERE x.id = ANY (p_ids));

    -- (2) Decide and count, in order.
    FOR i IN 1 .. v_count LOOP
        v_id := p_ids[i];
        v_flags := p_flags[i];
        v_amount := p_amounts[i];
        IF v_flags & {linked} <> 0 AND v_chain = 0 THEN
            v_chain := i;
            v_chain_rows := v_rows;
            v_chain_pendings := v_pendings;
            v_chain_new := cardinality(v_new);
        END IF;

        <<event>>
        BEGIN
            v_result := CASE
                WHEN v_flags & {linked} <> 0 AND i = v_count THEN 'linked_event_chain_open'
                WHEN v_broken THEN 'linked_event_failed'
                WHEN v_flags & ~255 NOT IN (0, {expire}) THEN 'reserved_flag'
                WHEN v_id = nil THEN 'id_must_not_be_zero'
                WHEN v_id = last THEN 'id_must_not_be_int_max'
            END;
            EXIT event WHEN v_result IS NOT NULL;

            IF v_known OR array_position(p_ids, v_id) < i THEN
                SELECT * INTO t FROM wallets_transfer x WHERE x.id = v_id
                UNION ALL SELECT * FROM unnest(v_new) y WHERE y.id = v_id;
                IF FOUND THEN
                    v_result := wallets_compare(
                        t, p_debits[i], p_credits[i], v_amount, p_pending_ids[i], p_timeouts[i], p_ledgers[i],
                        p_kinds[i], v_flags, p_references[i]);
                    v_amount := t.amount;
                    EXIT event;
                END IF;
                IF v_id = ANY (v_burnt) OR EXISTS (SELECT FROM wallets_burntid x WHERE x.id = v_id) THEN
                    v_result := 'id_already_failed';
                    EXIT event;
                END IF;
            END IF;

            IF v_flags & {resolving} <> 0 THEN
                v_pending := array_position(v_pending_ids, p_pending_ids[i]);
                p := v_pendings[v_pending];
                IF v_amount = (CASE WHEN v_flags & {post} <> 0 THEN most ELSE 0 END) THEN
                    v_amount := p.amount;
                END IF;
                v_debit := array_position(v_slots, p.debit_account_id || ':' || p.debit_shard);
                v_credit := array_position(v_slots, p.credit_account_id || ':' || p.credit_shard);
                d := v_rows[v_debit];
                c := v_rows[v_credit];
                v_result := CASE
                    WHEN v_flags & ~{linked} NOT IN ({post}, {void}, {expire}) THEN 'flags_are_mutually_exclusive'
                    WHEN p_pending_ids[i] = nil THEN 'pending_id_must_not_be_zero'
                    WHEN p_pending_ids[i] = last THEN 'pending_id_must_not_be_int_max'
                    WHEN p_pending_ids[i] = v_id THEN 'pending_id_must_be_different'
                    WHEN p_timeouts[i] <> 0 THEN 'timeout_reserved_for_pending_transfer'
                    WHEN v_pending IS NULL THEN 'pending_transfer_not_found'
                    WHEN p.flags & {pending} = 0 THEN 'pending_transfer_not_pending'
                    WHEN p_debits[i] NOT IN (nil, p.debit_account_id)
                        THEN 'pending_transfer_has_different_debit_account_id'
                    WHEN p_credits[i] NOT IN (nil, p.credit_account_id)
                        THEN 'pending_transfer_has_different_credit_account_id'
                    WHEN p_ledgers[i] NOT IN (0, -1, p.ledger) THEN 'pending_transfer_has_different_ledger'
                    WHEN p_kinds[i] NOT IN ('', p.kind) THEN 'pending_transfer_has_different_code'
                    WHEN v_amount > p.amount THEN 'exceeds_pending_transfer_amount'
                    WHEN v_amount < p.amount AND v_flags & {post} = 0 THEN 'pending_transfer_has_different_amount'
                    WHEN p.state <> 'pending' THEN CASE p.state
                        WHEN 'posted' THEN 'pending_transfer_already_posted'
                        WHEN 'voided' THEN 'pending_transfer_already_voided'
                        ELSE 'pending_transfer_expired' END
                    WHEN v_flags & {expire} = 0 AND p.expires_at <= v_at THEN 'pending_transfer_expired'
                    WHEN v_flags & {expire} <> 0 AND (p.expires_at > v_at) IS NOT FALSE THEN 'pending_transfer_not_expired'
                    WHEN v_flags & {post} <> 0 AND d.closed THEN 'debit_account_already_closed'
                    WHEN v_flags & {post} <> 0 AND c.closed THEN 'credit_account_already_closed'
                    ELSE 'created'
                END;
                EXIT event WHEN v_result <> 'created';
                v_posted := CASE WHEN v_flags & {post} <> 0 THEN v_amount ELSE 0 END;
                v_held := -p.amount;
                v_kind := p.kind;
                v_reference := coalesce(nullif(p_references[i], ''), p.reference);
                p.state := CASE WHEN v_flags & {post} <> 0 THEN 'posted' WHEN v_flags & {void} <> 0 THEN 'voided' ELSE 'expired' END;
                v_pendings[v_pending] := p;
            ELSE
                v_debit := array_position(v_homes, p_debits[i]);
                v_credit := array_position(v_homes, p_credits[i]);
                d := v_rows[v_debit];
                c := v_rows[v_credit];
                IF v_flags & ({balancing_debit} | {balancing_credit}) <> 0 THEN
                    -- Take what the limits leave, on all shards; without a limit, what makes both sides equal.
                    SELECT least(
                        v_amount,
                        CASE WHEN v_flags & {balancing_debit} <> 0 THEN greatest(0, sum(
                            r.credits_posted::numeric - r.debits_posted - r.debits_pending
                            + coalesce(r.debits_may_exceed_by, 0)) FILTER (WHERE r.account_id = d.account_id)) END,
                        CASE WHEN v_flags & {balancing_credit} <> 0 THEN greatest(0, sum(
                            r.debits_posted::numeric - r.credits_posted - r.credits_pending
                            + coalesce(r.credits_may_exceed_by, 0)) FILTER (WHERE r.account_id = c.account_id)) END)
                    INTO v_amount FROM unnest(v_rows) r;
                END IF;
                -- Nearly all transfers pass in this one look; for the others the list tells which rule speaks first.
                IF v_flags & ~({linked} | {pending}) = 0 AND v_debit <> v_credit AND d.ledger = c.ledger
                    AND p_ledgers[i] IN (-1, d.ledger) AND d.merchant_id = c.merchant_id AND p_kinds[i] <> ''
                    AND p_timeouts[i] = 0 AND p_pending_ids[i] = nil AND NOT (d.closed OR c.closed)
                    AND v_amount <= most - d.debits_pending - d.debits_posted
                    AND v_amount <= most - c.credits_pending - c.credits_posted
                    AND (d.debits_pending + d.debits_posted + v_amount - d.debits_may_exceed_by > d.credits_posted)
                        IS NOT TRUE
                    AND (c.credits_pending + c.credits_posted + v_amount - c.credits_may_exceed_by > c.debits_posted)
                        IS NOT TRUE
                THEN
                    v_result := 'created';
                ELSE
                    v_result := CASE
                        WHEN p_debits[i] = nil THEN 'debit_account_id_must_not_be_zero'
                        WHEN p_debits[i] = last THEN 'debit_account_id_must_not_be_int_max'
                        WHEN p_credits[i] = nil THEN 'credit_account_id_must_not_be_zero'
                        WHEN p_credits[i] = last THEN 'credit_account_id_must_not_be_int_max'
                        WHEN p_debits[i] = p_credits[i] THEN 'accounts_must_be_different'
                        WHEN p_pending_ids[i] <> nil THEN 'pending_id_must_be_zero'
                        WHEN v_flags & {pending} = 0 AND p_timeouts[i] <> 0 THEN 'timeout_reserved_for_pending_transfer'
                        WHEN v_flags & {pending} = 0 AND v_flags & {closing} <> 0
                            THEN 'closing_transfer_must_be_pending'
                        WHEN p_ledgers[i] = 0 THEN 'ledger_must_not_be_zero'
                        WHEN p_kinds[i] = '' THEN 'code_must_not_be_zero'
                        WHEN v_debit IS NULL THEN 'debit_account_not_found'
                        WHEN v_credit IS NULL THEN 'credit_account_not_found'
                        WHEN d.ledger <> c.ledger THEN 'accounts_must_have_the_same_ledger'
                        WHEN p_ledgers[i] NOT IN (-1, d.ledger) THEN 'transfer_must_have_the_same_ledger_as_accounts'
                        -- Ours: money never crosses from one merchant to another.
                        WHEN d.merchant_id <> c.merchant_id THEN 'accounts_must_have_the_same_merchant'
                        WHEN d.closed THEN 'debit_account_already_closed'
                        WHEN c.closed THEN 'credit_account_already_closed'
                        WHEN v_flags & {pending} <> 0 AND v_amount > most - d.debits_pending THEN 'overflows_debits_pending'
                        WHEN v_flags & {pending} <> 0 AND v_amount > most - c.credits_pending THEN 'overflows_credits_pending'
                        WHEN v_amount > most - d.debits_posted THEN 'overflows_debits_posted'
                        WHEN v_amount > most - c.credits_posted THEN 'overflows_credits_posted'
                        WHEN v_amount > most - d.debits_pending - d.debits_posted THEN 'overflows_debits'
                        WHEN v_amount > most - c.credits_pending - c.credits_posted THEN 'overflows_credits'
                        WHEN p_timeouts[i] <> 0 AND v_at + p_timeouts[i] * interval '1 second' > end_of_time
                            THEN 'overflows_timeout'
                        -- An account without a limit has a null there, which makes the comparison untrue.
                        WHEN d.debits_pending + d.debits_posted + v_amount - d.debits_may_exceed_by > d.credits_posted
                            THEN 'exceeds_credits'
                        WHEN c.credits_pending + c.credits_posted + v_amount - c.credits_may_exceed_by > c.debits_posted
                            THEN 'exceeds_debits'
                        ELSE 'created'
                    END;
                END IF;
                EXIT event WHEN v_result <> 'created';
                v_posted := CASE WHEN v_flags & {pending} = 0 THEN v_amount ELSE 0 END;
                v_held := v_amount - v_posted;
                v_kind := p_kinds[i];
                v_reference := p_references[i];
            END IF;

            d.debits_pending := d.debits_pending + v_held;
            d.debits_posted := d.debits_posted + v_posted;
            d.version := d.version + 1;
            c.credits_pending := c.credits_pending + v_held;
            c.credits_posted := c.credits_posted + v_posted;
            c.version := c.version + 1;
            v_rows[v_debit] := d;
            v_rows[v_credit] := c;
            -- In the order of the table's columns, which wallets/migrations/0001_tables.py fixes.
            v_new := v_new || ROW(
                v_id, d.merchant_id, d.livemode, v_at, d.account_id, c.account_id, v_amount, v_held, v_posted,
                CASE WHEN v_flags & {resolving} <> 0 THEN p_pending_ids[i] END, p_timeouts[i], d.ledger, v_flags, v_kind,
                v_reference, d.shard, c.shard, d.version, c.version,
                d.debits_pending, d.debits_posted, d.credits_pending, d.credits_posted,
                c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted)::wallets_transfer;

            IF v_resolving THEN
                -- Later events of this batch may resolve this one, or be told that it is not pending.
                v_pending_ids := v_pending_ids || v_id;
                v_pendings := v_pendings || ROW(
                    d.account_id, c.account_id, d.shard, c.shard, v_amount, d.ledger, v_kind, v_flags, v_reference,
                    CASE WHEN p_timeouts[i] > 0 THEN v_at + p_timeouts[i] * interval '1 second' END,
                    'pending')::wallets_resolvable;
                -- Closing lasts until the pending transfer that closed is voided or expires.
                IF v_flags & {resolving} <> 0 THEN v_flags := v_flags | (p.flags & {closing}); END IF;
            END IF;
            IF v_flags & {closing} <> 0 THEN
                FOR k IN 1 .. cardinality(v_rows) LOOP
                    IF (v_flags & {closing_debit} <> 0 AND v_rows[k].account_id = d.account_id)
                        OR (v_flags & {closing_credit} <> 0 AND v_rows[k].account_id = c.account_id)
                    THEN
                        v_rows[k].closed := v_flags & {resolving} = 0;
                    END IF;
                END LOOP;
            END IF;
        END event;

        IF v_result <> 'created' THEN
            IF v_result IN (
                'debit_account_not_found', 'credit_account_not_found', 'pending_transfer_not_found', 'exceeds_credits',
                'exceeds_debits', 'debit_account_already_closed', 'credit_account_already_closed')
            THEN
                v_burnt := v_burnt || v_id;
                v_burnt_results := v_burnt_results || v_result;
            END IF;
            IF v_result <> 'exists' THEN v_amount := 0; END IF;
            IF v_chain > 0 AND NOT v_broken THEN
                v_broken := true;
                v_rows := v_chain_rows;
                v_pendings := v_chain_pendings;
                v_pending_ids := v_pending_ids[1 : cardinality(v_pendings)];
                v_new := v_new[1 : v_chain_new];
                FOR j IN v_chain .. i - 1 LOOP
                    results[j] := 'linked_event_failed';
                    amounts[j] := 0;
                END LOOP;
            END IF;
        END IF;
        IF v_chain > 0 AND (p_flags[i] & {linked} = 0 OR i = v_count) THEN
            v_chain := 0;
            v_broken := false;
        END IF;
        results[i] := v_result;
        amounts[i] := v_amount;
    END LOOP;

    -- (3) Write. The gate is opened by hand: only a superuser may put a setting of our own into a function's header.
    v_gate := set_config('rupai.ledger', 'posting', true);
    IF v_new <> '{}' THEN
        INSERT INTO wallets_transfer SELECT * FROM unnest(v_new) ON CONFLICT (id) DO NOTHING;
        GET DIAGNOSTICS v_written = ROW_COUNT;
        IF v_written < cardinality(v_new) THEN
            -- Another connection, working on other shards, has just used the same ids. If it used all of them, nothing is
            -- written yet and a second look answers `exists`.
            IF v_written > 0 THEN
                RAISE EXCEPTION 'Some of these transfers are being posted by another transaction'
                    USING ERRCODE = 'serialization_failure', HINT = 'Roll back and post them again.';
            END IF;
            SELECT w.results, w.amounts INTO results, amounts
            FROM wallets_post_all(p_at, p_ids, p_debits, p_credits, p_amounts, p_pending_ids, p_timeouts, p_ledgers, p_kinds,
                              p_flags, p_references) w;
            RETURN;
        END IF;
        UPDATE wallets_counters b
        SET debits_pending = r.debits_pending, debits_posted = r.debits_posted, credits_pending = r.credits_pending,
            credits_posted = r.credits_posted, version = r.version, closed = r.closed, touched_at = v_at
        FROM unnest(v_rows) r
        WHERE b.id = r.id AND (b.version <> r.version OR b.closed <> r.closed);
        IF v_all_flags & {pending} <> 0 THEN
            INSERT INTO wallets_hold (transfer_id, state, expires_at)
            SELECT n.id, 'pending', CASE WHEN n.timeout > 0 THEN v_at + n.timeout * interval '1 second' END
            FROM unnest(v_new) n WHERE n.flags & {pending} <> 0;
        END IF;
        IF v_resolving THEN
            UPDATE wallets_hold o
            SET resolved_by_id = n.id,
                state = CASE WHEN n.flags & {post} <> 0 THEN 'posted' WHEN n.flags & {void} <> 0 THEN 'voided' ELSE 'expired' END
            FROM unnest(v_new) n WHERE o.transfer_id = n.pending_id;
        END IF;
    END IF;
    IF v_burnt <> '{}' THEN
        INSERT INTO wallets_burntid (id, result, created_at)
        SELECT x.id, x.result, v_at FROM unnest(v_burnt, v_burnt_results) x(id, result) ON CONFLICT DO NOTHING;
    END IF;
    v_gate := set_config('rupai.ledger', '', true);
END
$$;
