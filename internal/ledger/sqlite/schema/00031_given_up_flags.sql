-- +goose Up
-- The flags that the messages of a batch were sent with, in the order of src_uids, see flags.go; NULL when not known.
ALTER TABLE voids ADD COLUMN flags BLOB;
