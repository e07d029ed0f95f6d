-- +goose Up
-- What the verifier has read, for its next comparison: a row for each mailbox or collection. No copier reads it.
CREATE TABLE proofs (
  address TEXT NOT NULL,
  kind    TEXT NOT NULL,
  place   TEXT NOT NULL, -- the mailbox or collection
  ends    TEXT NOT NULL, -- both ends as they were reached
  mark    BLOB NOT NULL, -- how both were; package verify's own form, and so is the next
  content BLOB NOT NULL, -- what was read
  PRIMARY KEY (address, kind, place)
);
