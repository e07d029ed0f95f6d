-- +goose Up
ALTER TABLE voids ADD COLUMN digests BYTEA;
