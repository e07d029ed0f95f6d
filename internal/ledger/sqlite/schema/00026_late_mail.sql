-- +goose Up
-- Messages that were sent after a switch to see which way mail takes.
CREATE TABLE probe_mails (
  message_id TEXT   PRIMARY KEY,
  way        TEXT   NOT NULL,
  domain     TEXT   NOT NULL,
  account    TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  host       TEXT   NOT NULL,
  words      TEXT   NOT NULL,
  place      TEXT   NOT NULL,
  sent_unix  BIGINT NOT NULL
);
-- What still arrives at the source after a switch.
CREATE TABLE late_accounts (
  address      TEXT   PRIMARY KEY,
  looked_nano  BIGINT NOT NULL, -- 0: never as a whole
  trouble      TEXT   NOT NULL,
  arrived_unix BIGINT NOT NULL, -- 0: nothing
  due_nano     BIGINT NOT NULL  -- the look that has shown what no pass has brought; 0: none
);
CREATE TABLE late_marks (
  address     TEXT   NOT NULL,
  mailbox     TEXT   NOT NULL,
  uidvalidity BIGINT NOT NULL,
  uidnext     BIGINT NOT NULL,
  messages    BIGINT NOT NULL,
  PRIMARY KEY (address, mailbox)
);
CREATE TABLE late_traffic (
  address   TEXT   NOT NULL,
  hour_unix BIGINT NOT NULL,
  host      TEXT   NOT NULL,
  messages  BIGINT NOT NULL,
  PRIMARY KEY (address, hour_unix, host)
);
