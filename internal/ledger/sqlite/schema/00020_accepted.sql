-- +goose Up
-- Differences that a person has accepted.
CREATE TABLE accepted (
  address       TEXT   NOT NULL,
  difference    TEXT   NOT NULL, -- its name
  times         BIGINT NOT NULL, -- as many of the same
  sentence      TEXT   NOT NULL, -- what it was then
  person        TEXT   NOT NULL,
  reason        TEXT   NOT NULL,
  accepted_unix BIGINT NOT NULL,
  PRIMARY KEY (address, difference)
);
