-- +goose Up
-- The contents of the messages of a batch that the destination has confirmed, in the order of src_uids: 32 octets each as in
-- batches.digests, zeros or NULL where they are not known. Of an intent that was confirmed batches.digests tells them, too.
ALTER TABLE voids ADD COLUMN digests BLOB;
