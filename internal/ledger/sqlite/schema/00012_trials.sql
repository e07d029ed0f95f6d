-- +goose Up
-- Test objects that may be in a collection of the destination, under whatever name, or may still arrive there.
CREATE TABLE trials (
  address    TEXT   NOT NULL,
  uid        TEXT   NOT NULL,
  collection TEXT   NOT NULL, -- href
  until_unix BIGINT NOT NULL, -- when it cannot arrive any more
  PRIMARY KEY (address, uid)
);
