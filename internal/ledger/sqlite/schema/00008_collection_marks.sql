-- +goose Up
-- What the destination said of the state of its collection before it was last looked through for what it has lost;
-- '' where it says nothing, or was never looked through.
ALTER TABLE collections ADD COLUMN dst_token TEXT NOT NULL DEFAULT '';
ALTER TABLE collections ADD COLUMN dst_ctag TEXT NOT NULL DEFAULT '';
