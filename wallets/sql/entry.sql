-- Entries: the debit side and the credit side of each transfer, with the account's counters and version right after it.
-- They are the two halves of one row, so an entry without its other half, or with another amount, cannot be written:
-- the sum of a transfer is zero by the shape of the table. Its id is the transfer's, with `d` or `c` as UUID version.
CREATE VIEW wallets_entry AS
SELECT overlay(id::text PLACING 'd' FROM 15 FOR 1)::uuid AS id, merchant_id, livemode, created_at, id AS transfer_id,
       debit_account_id AS account_id, credit_account_id AS counterparty_id, 'debit' AS side, debit_shard AS shard,
       debit_version AS version, amount, pending_change, posted_change, ledger, kind, flags, reference,
       debit_debits_pending AS debits_pending, debit_debits_posted AS debits_posted,
       debit_credits_pending AS credits_pending, debit_credits_posted AS credits_posted
FROM wallets_transfer
UNION ALL
SELECT overlay(id::text PLACING 'c' FROM 15 FOR 1)::uuid, merchant_id, livemode, created_at, id,
       credit_account_id, debit_account_id, 'credit', credit_shard,
       credit_version, amount, pending_change, posted_change, ledger, kind, flags, reference,
       credit_debits_pending, credit_debits_posted,
       credit_credits_pending, credit_credits_posted
FROM wallets_transfer;
