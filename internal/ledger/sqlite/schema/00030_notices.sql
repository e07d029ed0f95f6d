-- +goose Up
-- Messages that tell people of the move: one of each kind for each account.
CREATE TABLE notices (
  address    TEXT   NOT NULL,
  kind       TEXT   NOT NULL, -- "before" or "after" the switch
  state      TEXT   NOT NULL CHECK (state IN ('previewed', 'sending', 'committing', 'sent', 'deferred', 'refused', 'bounced')),
  digest     TEXT   NOT NULL, -- of what somebody was shown
  message_id TEXT   NOT NULL,
  words      TEXT   NOT NULL, -- the server's
  at_unix    BIGINT NOT NULL,
  PRIMARY KEY (address, kind)
);
