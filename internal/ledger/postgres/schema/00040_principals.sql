-- +goose Up
-- Who an account is on the WebDAV server of one end, as the server has last said on the way from the URL in the settings: a hint where
-- to ask first.
CREATE TABLE principals (
  address    TEXT COLLATE "C" NOT NULL,
  side       TEXT COLLATE "C" NOT NULL, -- 'source', 'destination'
  server     TEXT COLLATE "C" NOT NULL,
  login      TEXT COLLATE "C" NOT NULL,
  href       TEXT COLLATE "C" NOT NULL,
  noted_unix BIGINT NOT NULL,
  PRIMARY KEY (address, side)
);
