-- +goose Up
-- The destination UIDs, as a set, of copies whose originals a source has lost that was put back to an earlier state, until
-- that was told; '' when there are none.
ALTER TABLE mailboxes ADD COLUMN src_restored TEXT NOT NULL DEFAULT '';
