-- +goose Up
-- What each end has shown of the newest message of its mailbox, together with the numbers beside it: UID, date and size,
-- compared as a whole; '' where that is not known.
ALTER TABLE mailboxes ADD COLUMN src_newest TEXT NOT NULL DEFAULT '';
ALTER TABLE mailboxes ADD COLUMN dst_newest TEXT NOT NULL DEFAULT '';
