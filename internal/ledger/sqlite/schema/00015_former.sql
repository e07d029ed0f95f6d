-- +goose Up
-- What earlier generations of a mailbox have brought is kept until it is found again or booked, and no longer. Of what is
-- left from before nobody knows whether it speaks of the same destination.
DELETE FROM batches WHERE state <> 'intent' AND generation < (SELECT m.generation FROM mailboxes m WHERE m.id = batches.mailbox_id);
