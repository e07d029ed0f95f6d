-- +goose Up

-- Groups of accounts that are copied together, and whether they are.
CREATE TABLE waves (
  name         TEXT COLLATE "C" PRIMARY KEY,
  state        TEXT COLLATE "C" NOT NULL, -- 'planned', 'running', 'paused', 'braked'
  settings     BYTEA NOT NULL, -- JSON, as package wave made it
  opens_unix   BIGINT NOT NULL, -- the window that is open, or the next one
  closes_unix  BIGINT NOT NULL,
  reason       TEXT COLLATE "C" NOT NULL DEFAULT '',
  next_step    TEXT COLLATE "C" NOT NULL DEFAULT '',
  changed_unix BIGINT NOT NULL, -- when it came to this state
  counted_unix BIGINT NOT NULL DEFAULT 0 -- since when what happens counts
);
CREATE TABLE wave_members (
  address TEXT COLLATE "C" PRIMARY KEY,
  wave    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX wave_members_by_wave ON wave_members (wave, address);

-- What has happened in each, minute by minute.
CREATE TABLE wave_counts (
  wave   TEXT COLLATE "C" NOT NULL,
  minute BIGINT NOT NULL, -- since 1970
  what   TEXT COLLATE "C" NOT NULL,
  count  BIGINT NOT NULL,
  PRIMARY KEY (wave, minute, what)
);
