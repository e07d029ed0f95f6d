-- +goose Up
-- The lowest UID of our messages that the destination lacked when nothing told whether its user had deleted them or a
-- restore had taken them; 0 when there are none, or somebody has said which it was.
ALTER TABLE mailboxes ADD COLUMN dst_doubted INTEGER NOT NULL DEFAULT 0;
