-- +goose Up
-- The UID that an object without one was given. It is made from what the object is, and the object keeps it when that changes.
ALTER TABLE objects ADD COLUMN made_uid TEXT NOT NULL DEFAULT '';
