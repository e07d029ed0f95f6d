-- +goose Up
-- How far each domain has been taken across.
CREATE TABLE cutovers (
  domain        TEXT   PRIMARY KEY,
  state         TEXT   NOT NULL CHECK (state IN ('gates', 'final_pass', 'ready', 'switching', 'proving', 'probing', 'releasing', 'late_mail', 'live',
                                                 'restoring', 'proving_back', 'returning', 'rolled_back', 'closing', 'closed')),
  since_unix    BIGINT NOT NULL, -- of the state
  began_unix    BIGINT NOT NULL, -- of this attempt
  passed_unix   BIGINT NOT NULL, -- when the final pass ended; 0 before
  written_unix  BIGINT NOT NULL, -- when the first record was about to be written; 0 before
  switched_unix BIGINT NOT NULL, -- when every server gave the new records; 0 before
  quiet_unix    BIGINT NOT NULL, -- since when no mail has come late; 0 before
  looked_unix   BIGINT NOT NULL, -- when it was last looked for
  late          BIGINT NOT NULL, -- messages that came late
  returned      BIGINT NOT NULL, -- messages that were carried back
  held          TEXT   NOT NULL, -- JSON: what it waits for
  overrides     TEXT   NOT NULL  -- JSON: what somebody has answered for
);
-- The sets of records that change at the switch, as they were and as they are to be.
CREATE TABLE cutover_records (
  domain       TEXT   NOT NULL REFERENCES cutovers (domain),
  place        BIGINT NOT NULL, -- in the order in which they are written
  about        TEXT   NOT NULL,
  name         TEXT   NOT NULL,
  before_type  TEXT   NOT NULL,
  before_data  TEXT   NOT NULL, -- JSON: a list, as a zone file has them
  before_ttl   BIGINT NOT NULL, -- seconds
  after_type   TEXT   NOT NULL,
  after_data   TEXT   NOT NULL,
  after_ttl    BIGINT NOT NULL,
  state        TEXT   NOT NULL CHECK (state IN ('planned', 'writing', 'written', 'seen', 'restoring', 'restored', 'seen_back', 'foreign')),
  by_hand      BIGINT NOT NULL, -- 1: a person writes it
  written_unix BIGINT NOT NULL, -- when it was last written, or first seen to be; 0 before
  seen_unix    BIGINT NOT NULL, -- when every server first gave it; 0 before
  PRIMARY KEY (domain, place)
);
