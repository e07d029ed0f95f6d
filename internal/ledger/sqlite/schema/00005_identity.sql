-- +goose Up
-- What a message is recognised by when UIDs are in doubt: 16 octets each, a hash of its Message-ID and Date;
-- octets of zero where it is not known, NULL where it is known of none.
ALTER TABLE batches ADD COLUMN origins BLOB;

-- The identifier that stays with a source mailbox when it is renamed (RFC 8474); '' where there is none.
ALTER TABLE mailboxes ADD COLUMN src_mailboxid TEXT NOT NULL DEFAULT '';

-- What the destination's mailbox looked like when what is in it was last held against the batches; 0 before.
ALTER TABLE mailboxes ADD COLUMN dst_uidnext BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN dst_messages BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN dst_modseq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN dst_size BIGINT NOT NULL DEFAULT 0; -- octets of all messages; 0 where it is not told
ALTER TABLE mailboxes ADD COLUMN src_size BIGINT NOT NULL DEFAULT 0; -- likewise, at the end of the last complete pass
