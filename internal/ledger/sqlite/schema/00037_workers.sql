-- +goose Up

-- Processes that take accounts, each until it has not reported for some time: milliseconds since 1970 by the clock of the database.
CREATE TABLE workers (
  name        TEXT PRIMARY KEY,
  began_unix  INTEGER NOT NULL,
  until_milli INTEGER NOT NULL,
  leaving     INTEGER NOT NULL DEFAULT 0
);

-- Passes by workers, and which turns belong to one.
CREATE TABLE runs (
  id         INTEGER PRIMARY KEY,
  options    BLOB NOT NULL,
  accounts   INTEGER NOT NULL,
  began_unix INTEGER NOT NULL
);
ALTER TABLE turns ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
CREATE INDEX turns_by_run ON turns (run, state);
