-- +goose Up
-- Of an intent without receipt: when there was the last sign that something of it may still arrive at the
-- destination, in UNIX nanoseconds; 0 while the connection that carries it is up.
ALTER TABLE batches ADD COLUMN alive_nano BIGINT NOT NULL DEFAULT 0;

-- Batches that were believed lost, and whose messages were sent again. Should one arrive all the same, it
-- is known by this that it was ours.
CREATE TABLE voids (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  dst_floor    BIGINT NOT NULL, -- no message of the batch has a lower UID at the destination
  src_uids     TEXT NOT NULL,
  created_nano BIGINT NOT NULL
);
CREATE INDEX voids_by_mailbox ON voids (mailbox_id, generation);
CREATE INDEX intents_by_mailbox ON batches (mailbox_id) WHERE state = 'intent';
