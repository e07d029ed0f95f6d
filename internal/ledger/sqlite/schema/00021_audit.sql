-- +goose Up
-- What was changed at an end, in a secret or in what a person has decided. Lines are only ever added; each is chained to the
-- one before by its digest.
CREATE TABLE audit (
  line        BIGINT PRIMARY KEY, -- from 1 on, without a gap
  at_unix     BIGINT NOT NULL,
  person      TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  object      TEXT   NOT NULL,
  before_text TEXT   NOT NULL,
  after_text  TEXT   NOT NULL,
  digest      TEXT   NOT NULL
);
