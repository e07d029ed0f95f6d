-- +goose Up
CREATE TABLE accounts (
  address       TEXT PRIMARY KEY,
  state         TEXT NOT NULL DEFAULT 'planned'
                CHECK (state IN ('planned', 'pre_staging', 'pre_staged', 'blocked')),
  pass          TEXT NOT NULL DEFAULT '',
  reason        TEXT NOT NULL DEFAULT '', -- why it is blocked, in one sentence
  next_step     TEXT NOT NULL DEFAULT '',
  mailboxes     BIGINT NOT NULL DEFAULT 0,
  messages      BIGINT NOT NULL DEFAULT 0, -- at the source, when last seen
  octets        BIGINT NOT NULL DEFAULT 0,
  copied        BIGINT NOT NULL DEFAULT 0, -- present at the destination through us
  failed        BIGINT NOT NULL DEFAULT 0,
  started_unix  BIGINT NOT NULL DEFAULT 0, -- of the last pass
  finished_unix BIGINT NOT NULL DEFAULT 0
);

-- What the last verification of each account said. It is kept for reports; no copier reads it.
CREATE TABLE verifications (
  address       TEXT PRIMARY KEY,
  level         TEXT NOT NULL CHECK (level IN ('counts', 'metadata', 'full')),
  verdict       TEXT NOT NULL CHECK (verdict IN ('equal', 'differs', 'unknown')),
  result        BLOB NOT NULL, -- JSON
  verified_unix BIGINT NOT NULL
);

-- One row for each source mailbox that was ever opened. A change of UIDVALIDITY at either end
-- begins a new generation: the batches of the old one stay as history and count no more.
CREATE TABLE mailboxes (
  id              INTEGER PRIMARY KEY,
  address         TEXT NOT NULL,
  src_name        TEXT NOT NULL,
  dst_name        TEXT NOT NULL,
  generation      BIGINT NOT NULL DEFAULT 1,
  src_uidvalidity BIGINT NOT NULL,
  dst_uidvalidity BIGINT NOT NULL,
  src_uidnext     BIGINT NOT NULL DEFAULT 0, -- state at the end of the last complete pass, 0 before
  src_messages    BIGINT NOT NULL DEFAULT 0,
  src_modseq      BIGINT NOT NULL DEFAULT 0,
  UNIQUE (address, src_name)
);

-- One row for each batch, not for each message: first the intent, then the receipt.
CREATE TABLE batches (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('intent', 'receipt', 'adopted')),
  dst_floor    BIGINT NOT NULL, -- no message of the batch has a lower UID at the destination
  src_uids     TEXT NOT NULL,   -- runs in the order of the messages: "4:9,12"
  dst_uids     TEXT NOT NULL DEFAULT '', -- likewise, same order and number
  sizes        BLOB NOT NULL,   -- varints, octets as the source counts them
  digests      BLOB,            -- 32 octets each, SHA-256 of the normal form; NULL when adopted
  flags        BLOB,            -- as the source had them when last applied, see flags.go
  created_unix BIGINT NOT NULL
);
CREATE INDEX batches_by_mailbox ON batches (mailbox_id, generation, state);

-- Messages that the destination does not take. They are tried again in the next pass.
CREATE TABLE refusals (
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  src_uid      BIGINT NOT NULL,
  size         BIGINT NOT NULL,
  code         TEXT NOT NULL,
  words        TEXT NOT NULL, -- the server's own
  escrow       TEXT NOT NULL DEFAULT '', -- file that keeps the original
  created_nano BIGINT NOT NULL, -- UNIX time; in whole seconds it would look older than a pass of the same second
  PRIMARY KEY (mailbox_id, generation, src_uid)
);

-- Messages at which the source broke the connection while it was reading them.
CREATE TABLE suspects (
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  src_uid      BIGINT NOT NULL,
  failures     BIGINT NOT NULL,
  updated_unix BIGINT NOT NULL,
  PRIMARY KEY (mailbox_id, generation, src_uid)
);

CREATE TABLE findings (
  address      TEXT NOT NULL,
  code         TEXT NOT NULL,
  object       TEXT NOT NULL,
  severity     TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
  sentence     TEXT NOT NULL,
  next_step    TEXT NOT NULL,
  origin       TEXT NOT NULL, -- what raised it: 'mail', 'accounts', 'verify'
  updated_unix BIGINT NOT NULL,
  PRIMARY KEY (address, origin, code, object)
);

-- +goose Down
DROP TABLE findings;
DROP TABLE suspects;
DROP TABLE refusals;
DROP TABLE batches;
DROP TABLE mailboxes;
DROP TABLE verifications;
DROP TABLE accounts;
