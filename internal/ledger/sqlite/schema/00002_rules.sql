-- +goose Up
-- One row for each script that was stored at the destination. The digest is of the text that was
-- written: what differs from it there is a person's own change.
CREATE TABLE rules (
  address   TEXT NOT NULL,
  name      TEXT NOT NULL,
  digest    TEXT NOT NULL,
  activated INTEGER NOT NULL DEFAULT 0 CHECK (activated IN (0, 1)),
  PRIMARY KEY (address, name)
);
