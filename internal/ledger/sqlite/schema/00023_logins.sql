-- +goose Up
-- Log-ins that were tried for their own sake. Rows are only added: a host counts refusals over all of them, and a password
-- that was refused is not offered again.
CREATE TABLE logins (
  id         INTEGER PRIMARY KEY,
  address    TEXT   NOT NULL,
  protocol   TEXT   NOT NULL,
  host       TEXT   NOT NULL,
  credential TEXT   NOT NULL, -- a keyed digest of name and password
  result     TEXT   NOT NULL,
  sentence   TEXT   NOT NULL,
  next_step  TEXT   NOT NULL,
  failure    BIGINT NOT NULL, -- 1: a host may count it as a failed log-in
  began_unix BIGINT NOT NULL
);
CREATE INDEX logins_failures ON logins (began_unix) WHERE failure = 1;
-- Messages that were sent to an account to see whether they arrive.
CREATE TABLE probes (
  message_id TEXT   PRIMARY KEY,
  address    TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  place      TEXT   NOT NULL, -- the mailbox in which it was found
  sent_unix  BIGINT NOT NULL
);
