-- +goose Up

-- With which words programs may use the interface of the screen. The words themselves are nowhere.
CREATE TABLE tokens (
  name         TEXT PRIMARY KEY,
  role         TEXT NOT NULL CHECK (role IN ('look', 'operate', 'switch')),
  digest       TEXT NOT NULL,
  person       TEXT NOT NULL,
  made_unix    INTEGER NOT NULL,
  expires_unix INTEGER NOT NULL
);
