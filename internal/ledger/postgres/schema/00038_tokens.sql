-- +goose Up

-- With which words programs may use the interface of the screen. The words themselves are nowhere.
CREATE TABLE tokens (
  name         TEXT COLLATE "C" PRIMARY KEY,
  role         TEXT COLLATE "C" NOT NULL CHECK (role IN ('look', 'operate', 'switch')),
  digest       TEXT COLLATE "C" NOT NULL,
  person       TEXT COLLATE "C" NOT NULL,
  made_unix    BIGINT NOT NULL,
  expires_unix BIGINT NOT NULL
);
