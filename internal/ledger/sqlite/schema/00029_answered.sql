-- +goose Up
-- 1: the destination has confirmed that it stored what was intended, without saying under which UIDs, and does not show it.
ALTER TABLE batches ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE voids ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
-- 1: not given up, but copied again because the destination has shown another message in the place of the copy.
ALTER TABLE voids ADD COLUMN replaced BIGINT NOT NULL DEFAULT 0;
