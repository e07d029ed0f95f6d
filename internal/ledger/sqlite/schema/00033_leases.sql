-- +goose Up

-- Which worker has which account, and until when: milliseconds since 1970 by the clock of the database; 0 is done with, 1 left undone.
CREATE TABLE leases (
  address     TEXT PRIMARY KEY,
  epoch       INTEGER NOT NULL, -- one higher with each claim
  holder      TEXT NOT NULL,
  until_milli INTEGER NOT NULL
);
CREATE INDEX leases_open ON leases (until_milli) WHERE until_milli > 0;
