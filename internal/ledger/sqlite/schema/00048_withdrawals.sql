-- +goose Up
-- Copies that were taken back from the destination, because another program had brought the same messages before: they are there again
-- when the destination is put back to a state from before that. In the order of dst_uids: flags and digests as in batches.
CREATE TABLE withdrawals (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes(id),
  dst_uids   TEXT NOT NULL,
  flags      BLOB NOT NULL,
  digests    BLOB NOT NULL
);
CREATE INDEX withdrawals_by_mailbox ON withdrawals (mailbox_id);
