-- +goose Up

-- Groups of accounts that are copied together, and whether they are.
CREATE TABLE waves (
  name         TEXT PRIMARY KEY,
  state        TEXT NOT NULL, -- 'planned', 'running', 'paused', 'braked'
  settings     BLOB NOT NULL, -- JSON, as package wave made it
  opens_unix   INTEGER NOT NULL, -- the window that is open, or the next one
  closes_unix  INTEGER NOT NULL,
  reason       TEXT NOT NULL DEFAULT '',
  next_step    TEXT NOT NULL DEFAULT '',
  changed_unix INTEGER NOT NULL, -- when it came to this state
  counted_unix INTEGER NOT NULL DEFAULT 0 -- since when what happens counts
);
CREATE TABLE wave_members (
  address TEXT PRIMARY KEY,
  wave    TEXT NOT NULL
);
CREATE INDEX wave_members_by_wave ON wave_members (wave, address);

-- What has happened in each, minute by minute.
CREATE TABLE wave_counts (
  wave   TEXT NOT NULL,
  minute INTEGER NOT NULL, -- since 1970
  what   TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (wave, minute, what)
);
