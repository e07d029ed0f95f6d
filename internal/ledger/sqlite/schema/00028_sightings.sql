-- +goose Up
-- Which programs use which accounts, as logs of the source tell.
CREATE TABLE sightings (
  address    TEXT   NOT NULL,
  protocol   TEXT   NOT NULL,
  agent      TEXT   NOT NULL, -- what the program says of itself; "" if it does not
  first_unix BIGINT NOT NULL, -- 0: not known
  last_unix  BIGINT NOT NULL,
  PRIMARY KEY (address, protocol, agent)
);
