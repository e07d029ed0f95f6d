-- +goose Up

-- What the time of connections to each server was spent with, in milliseconds, minute by minute since 1970. The ledger itself is a server
-- without a side.
CREATE TABLE loads (
  minute     BIGINT NOT NULL,
  side       TEXT COLLATE "C" NOT NULL,
  service    TEXT COLLATE "C" NOT NULL,
  address    TEXT COLLATE "C" NOT NULL,
  opened     BIGINT NOT NULL,
  awaited    BIGINT NOT NULL,
  on_way     BIGINT NOT NULL,
  paced      BIGINT NOT NULL,
  queued     BIGINT NOT NULL,
  eased      BIGINT NOT NULL,
  unmeasured BIGINT NOT NULL,
  PRIMARY KEY (minute, side, service, address)
);
