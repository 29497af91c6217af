-- Take back what the other files here create; the tables themselves belong to Django.
DROP VIEW wallets_entry;
DROP TRIGGER transfer_is_immutable ON wallets_transfer;
DROP TRIGGER transfer_is_posted ON wallets_transfer;
DROP TRIGGER transfer_is_kept ON wallets_transfer;
DROP TRIGGER counters_are_posted ON wallets_counters;
DROP TRIGGER counters_are_kept ON wallets_counters;
DROP TRIGGER hold_is_resolved ON wallets_hold;
DROP TRIGGER account_is_immutable ON wallets_account;
DROP FUNCTION wallets_refuse;
ALTER TABLE wallets_counters RESET (fillfactor);
DROP FUNCTION wallets_open;
DROP FUNCTION wallets_post;
DROP FUNCTION wallets_post_all;
DROP FUNCTION wallets_compare;
DROP TYPE wallets_resolvable;
