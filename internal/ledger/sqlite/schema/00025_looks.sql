-- +goose Up
-- The last look of each kind at each object, by commands that change nothing.
CREATE TABLE looks (
  name     TEXT   NOT NULL,
  object   TEXT   NOT NULL,
  outcome  TEXT   NOT NULL,
  open     BIGINT NOT NULL, -- things that somebody has to see to
  sentence TEXT   NOT NULL,
  at_unix  BIGINT NOT NULL,
  PRIMARY KEY (name, object)
);
