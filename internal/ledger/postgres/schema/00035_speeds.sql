-- +goose Up

-- How much passes have carried, minute by minute since 1970, for as long as a chart shows.
CREATE TABLE speeds (
  minute   BIGINT PRIMARY KEY,
  messages BIGINT NOT NULL,
  octets   BIGINT NOT NULL,
  objects  BIGINT NOT NULL,
  accounts BIGINT NOT NULL
);

-- What was done with an account or a domain, however long the log is.
CREATE INDEX audit_by_object ON audit (object, line);
