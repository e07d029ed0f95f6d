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
  -- What became of messages that are done, as runs of source UIDs.
  gone            TEXT NOT NULL DEFAULT '', -- vanished at the source since
  lost            TEXT NOT NULL DEFAULT '', -- no longer at the destination: removed by us, or by its user
  changed         TEXT NOT NULL DEFAULT '', -- gone, and the copy was changed by its user: it stays
  UNIQUE (address, src_name)
);

-- Destination mailboxes that we have made, or were about to make.
CREATE TABLE creations (
  address         TEXT NOT NULL,
  dst_name        TEXT NOT NULL,
  dst_uidvalidity BIGINT NOT NULL DEFAULT 0, -- as seen when it was first opened; 0 before
  PRIMARY KEY (address, dst_name)
);

-- One row for each batch, not for each message: first the intent, then the receipt.
CREATE TABLE batches (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  -- receipt: written by us; recovered: written by us, and found after its answer was lost; adopted: there
  -- before us; dropped: the destination's mailbox is gone, and its user's wish is that it stays so.
  state        TEXT NOT NULL CHECK (state IN ('intent', 'receipt', 'recovered', 'adopted', 'dropped')),
  dst_floor    BIGINT NOT NULL, -- no message of the batch has a lower UID at the destination
  src_uids     TEXT NOT NULL,   -- runs in the order of the messages: "4:9,12"
  dst_uids     TEXT NOT NULL DEFAULT '', -- likewise, same order and number
  sizes        BLOB NOT NULL,   -- varints, octets as the source counts them
  digests      BLOB,            -- 32 octets each, SHA-256 of the normal form; NULL when adopted
  flags        BLOB,            -- as the source had them when last applied, see flags.go
  created_unix BIGINT NOT NULL
);
CREATE INDEX batches_by_mailbox ON batches (mailbox_id, generation, state);

-- Removals at the destination that were begun: the copies may carry \Deleted, or be gone.
CREATE TABLE removals (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  src_uids     TEXT NOT NULL,
  created_unix BIGINT NOT NULL
);
CREATE INDEX removals_by_mailbox ON removals (mailbox_id, generation);

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

-- Contacts and calendars. One row for each source collection that was ever copied.
CREATE TABLE collections (
  id          INTEGER PRIMARY KEY,
  address     TEXT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('contacts', 'calendars')),
  src_href    TEXT NOT NULL,
  dst_href    TEXT NOT NULL,
  made        BIGINT NOT NULL DEFAULT 0, -- 1 when the destination did not have it before us
  properties  TEXT NOT NULL DEFAULT '',  -- JSON, the source's when they were last carried over
  src_token   TEXT NOT NULL DEFAULT '',  -- state at the end of the last complete pass, '' before
  src_ctag    TEXT NOT NULL DEFAULT '',
  src_objects BIGINT NOT NULL DEFAULT 0, -- at the source, when last seen
  UNIQUE (address, src_href)
);

-- One row for each object of them: first the intent, then what the destination answered.
CREATE TABLE objects (
  collection_id BIGINT NOT NULL REFERENCES collections(id),
  src_name      TEXT NOT NULL, -- below the collection, as the source writes it
  state         TEXT NOT NULL
                CHECK (state IN ('intent', 'stored', 'adopted', 'merged', 'quarantined', 'conflict', 'held', 'gone')),
  src_etag      TEXT NOT NULL,
  src_digest    BLOB NOT NULL, -- SHA-256 of the octets that the source served
  dst_name      TEXT NOT NULL DEFAULT '',
  dst_etag      TEXT NOT NULL DEFAULT '',
  form          BLOB,          -- SHA-256 of the normal form of what the destination was given
  tried         BLOB,          -- the same of versions that were sent and never answered, one behind the other
  uid           TEXT NOT NULL DEFAULT '',
  repairs       TEXT NOT NULL DEFAULT '', -- JSON
  code          TEXT NOT NULL DEFAULT '', -- why it is quarantined, in conflict or held
  words         TEXT NOT NULL DEFAULT '', -- the server's own
  escrow        TEXT NOT NULL DEFAULT '', -- file that keeps the original
  updated_nano  BIGINT NOT NULL,
  PRIMARY KEY (collection_id, src_name)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE objects;
DROP TABLE collections;
DROP TABLE findings;
DROP TABLE suspects;
DROP TABLE refusals;
DROP TABLE removals;
DROP TABLE batches;
DROP TABLE creations;
DROP TABLE mailboxes;
DROP TABLE verifications;
DROP TABLE accounts;
