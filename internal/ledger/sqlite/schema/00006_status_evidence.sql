-- +goose Up
-- Whether what STATUS says of an account's mailboxes at one end has agreed so far with what opening them
-- showed: only then may a pass with nothing to do believe it.
CREATE TABLE status_evidence (
  address       TEXT NOT NULL,
  side          TEXT NOT NULL CHECK (side IN ('source', 'destination')),
  trust         TEXT NOT NULL CHECK (trust IN ('earned', 'none', 'lost')),
  PRIMARY KEY (address, side)
);
