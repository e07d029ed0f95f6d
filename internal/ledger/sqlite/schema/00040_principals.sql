-- +goose Up
-- Who an account is on the WebDAV server of one end, as the server has last said on the way from the URL in the settings: a hint where
-- to ask first.
CREATE TABLE principals (
  address    TEXT   NOT NULL,
  side       TEXT   NOT NULL, -- 'source', 'destination'
  server     TEXT   NOT NULL,
  login      TEXT   NOT NULL,
  href       TEXT   NOT NULL,
  noted_unix BIGINT NOT NULL,
  PRIMARY KEY (address, side)
);
