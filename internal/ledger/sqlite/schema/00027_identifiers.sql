-- +goose Up
-- How POP3 programs know the messages of a mailbox. A destination that can be told gets each with its message; and what was
-- told stays told, whatever the source's maildrop looks like later.
CREATE TABLE identifiers (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
  generation BIGINT NOT NULL,
  src_uid    BIGINT NOT NULL,
  uidl       TEXT   NOT NULL,
  place      BIGINT NOT NULL, -- in the order of the maildrop
  PRIMARY KEY (mailbox_id, generation, src_uid)
);
