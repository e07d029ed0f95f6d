-- +goose Up
-- A script that answers or forwards is stored and stays off until the domain has moved: status counts these.
ALTER TABLE rules ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));
