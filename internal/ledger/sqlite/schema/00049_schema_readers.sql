-- +goose Up
-- Older programs go on.

-- The oldest schema whose programs may use this one, see package upgrade.
CREATE TABLE schema_readers (oldest INTEGER NOT NULL);
INSERT INTO schema_readers (oldest) VALUES (48);
