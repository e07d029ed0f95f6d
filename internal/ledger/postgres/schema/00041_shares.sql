-- +goose Up

-- What each worker may use of what all may use together: connections, or octets per second. The row of no worker is held by
-- whoever changes one.
CREATE TABLE shares (
  worker TEXT COLLATE "C" NOT NULL,
  part   TEXT COLLATE "C" NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (worker, part)
);
ALTER TABLE workers ADD COLUMN idle BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN server BIGINT NOT NULL DEFAULT 0; -- which start of the database's server it has reported to
