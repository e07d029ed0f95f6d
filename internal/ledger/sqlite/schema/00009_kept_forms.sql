-- +goose Up
-- What the destination keeps of an object where that is another normal form than what it was given, and harmless; and the
-- forms of earlier versions, one behind the other: a destination that was put back from a backup shows one of them again.
ALTER TABLE objects ADD COLUMN kept BLOB;
ALTER TABLE objects ADD COLUMN earlier BLOB;
