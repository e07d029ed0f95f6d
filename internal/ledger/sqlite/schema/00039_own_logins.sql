-- +goose Up
-- Our own log-ins at the source by a protocol that does not say who logs in: its logs have them beside those of people.
CREATE TABLE own_logins (
  address    TEXT    NOT NULL,
  protocol   TEXT    NOT NULL,
  came_from  TEXT    NOT NULL, -- an IP address, as this machine knows it
  times      INTEGER NOT NULL,
  first_unix INTEGER NOT NULL,
  last_unix  INTEGER NOT NULL,
  PRIMARY KEY (address, protocol, came_from)
);
