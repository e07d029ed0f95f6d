-- +goose Up
-- The source UIDs, as a set, of messages that were copied, and did not say what they are when a change of the mailbox had
-- made it doubtful; '' when there are none.
ALTER TABLE mailboxes ADD COLUMN src_untold TEXT NOT NULL DEFAULT '';
