-- +goose Up
-- What was written to the destination since the account was verified: the end of the last pass that counted, and how much.
-- A pass that was killed has not counted; then it is later than written_unix.
ALTER TABLE verifications ADD COLUMN written_messages BIGINT NOT NULL DEFAULT 0;
ALTER TABLE verifications ADD COLUMN written_objects BIGINT NOT NULL DEFAULT 0;
ALTER TABLE verifications ADD COLUMN written_unix BIGINT NOT NULL DEFAULT 0;
-- A later comparison at a lower level, which says less and does not take the place of this one.
ALTER TABLE verifications ADD COLUMN rechecked_level TEXT NOT NULL DEFAULT '';
ALTER TABLE verifications ADD COLUMN rechecked_unix BIGINT NOT NULL DEFAULT 0;
