-- +goose Up
ALTER TABLE voids ADD COLUMN flags BYTEA;
