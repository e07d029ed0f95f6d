-- +goose Up

-- Pages of the screen where accounts are many: those that were never compared, and those with trouble, are few, and each has an index of
-- its own. compared is 1 where verifications has a row.
ALTER TABLE accounts ADD COLUMN compared BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET compared = 1 WHERE address IN (SELECT address FROM verifications);
CREATE INDEX accounts_not_compared ON accounts (address) WHERE compared = 0;
CREATE INDEX accounts_with_trouble ON accounts (address) WHERE failed > 0 OR state = 'blocked';

-- When a program has last used the interface of the screen, to the minute; 0 is never.
ALTER TABLE tokens ADD COLUMN used_unix BIGINT NOT NULL DEFAULT 0;
