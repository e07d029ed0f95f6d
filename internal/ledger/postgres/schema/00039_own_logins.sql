-- +goose Up
-- Our own log-ins at the source by a protocol that does not say who logs in: its logs have them beside those of people.
CREATE TABLE own_logins (
  address    TEXT COLLATE "C" NOT NULL,
  protocol   TEXT COLLATE "C" NOT NULL,
  came_from  TEXT COLLATE "C" NOT NULL, -- an IP address, as this machine knows it
  times      BIGINT NOT NULL,
  first_unix BIGINT NOT NULL,
  last_unix  BIGINT NOT NULL,
  PRIMARY KEY (address, protocol, came_from)
);
