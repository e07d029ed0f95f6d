-- +goose Up

-- What each worker may use of what all may use together: connections, or octets per second. The row of no worker is held by
-- whoever changes one.
CREATE TABLE shares (
  worker TEXT NOT NULL,
  part   TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (worker, part)
);
ALTER TABLE workers ADD COLUMN idle INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN server INTEGER NOT NULL DEFAULT 0; -- which start of the database's server it has reported to
