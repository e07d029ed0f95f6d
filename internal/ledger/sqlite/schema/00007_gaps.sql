-- +goose Up
-- UIDs of the destination that somebody else has got between ours, and that were not looked at yet: they may be
-- those of another program that copies the same messages.
CREATE TABLE gaps (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes(id),
  generation BIGINT NOT NULL,
  dst_uids   TEXT NOT NULL
);
CREATE INDEX gaps_by_mailbox ON gaps (mailbox_id, generation);
