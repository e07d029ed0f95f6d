-- +goose Up
-- What was brought of the annotations of mailboxes, and of the server (src_name ''), by digests of their values: so a later change
-- at the source follows where the destination still has what was brought.
CREATE TABLE annotations (
  address         TEXT    NOT NULL,
  src_name        TEXT    NOT NULL,
  entry           TEXT    NOT NULL, -- '' says only that the mailbox was asked
  dst_name        TEXT    NOT NULL,
  dst_uidvalidity BIGINT  NOT NULL, -- 0 is not told
  seen            BLOB,             -- the source's value when it was last decided about
  wrote           BLOB,             -- what the destination has from us; NULL when its value is its user's
  writing         BLOB,             -- what may be on its way there
  PRIMARY KEY (address, src_name, entry)
);
