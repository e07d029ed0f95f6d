-- +goose Up
-- The octets by which an object is known do not say whether the destination has them: that is a mark of its own. A row of
-- which an older rehome has taken them away is compared when it is met again, as before.
ALTER TABLE objects ADD COLUMN anew INTEGER NOT NULL DEFAULT 0;
