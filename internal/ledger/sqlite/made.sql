CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
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
, compared INTEGER NOT NULL DEFAULT 0);
CREATE TABLE verifications (
  address       TEXT PRIMARY KEY,
  level         TEXT NOT NULL CHECK (level IN ('counts', 'metadata', 'full')),
  verdict       TEXT NOT NULL CHECK (verdict IN ('equal', 'differs', 'unknown')),
  result        BLOB NOT NULL, -- JSON
  verified_unix BIGINT NOT NULL
, written_messages BIGINT NOT NULL DEFAULT 0, written_objects BIGINT NOT NULL DEFAULT 0, written_unix BIGINT NOT NULL DEFAULT 0, rechecked_level TEXT NOT NULL DEFAULT '', rechecked_unix BIGINT NOT NULL DEFAULT 0);
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
  changed         TEXT NOT NULL DEFAULT '', src_mailboxid TEXT NOT NULL DEFAULT '', dst_uidnext BIGINT NOT NULL DEFAULT 0, dst_messages BIGINT NOT NULL DEFAULT 0, dst_modseq BIGINT NOT NULL DEFAULT 0, dst_size BIGINT NOT NULL DEFAULT 0, src_size BIGINT NOT NULL DEFAULT 0, dst_doubted INTEGER NOT NULL DEFAULT 0, src_newest TEXT NOT NULL DEFAULT '', dst_newest TEXT NOT NULL DEFAULT '', src_untold TEXT NOT NULL DEFAULT '', src_restored TEXT NOT NULL DEFAULT '', -- gone, and the copy was changed by its user: it stays
  UNIQUE (address, src_name)
);
CREATE TABLE creations (
  address         TEXT NOT NULL,
  dst_name        TEXT NOT NULL,
  dst_uidvalidity BIGINT NOT NULL DEFAULT 0, -- as seen when it was first opened; 0 before
  PRIMARY KEY (address, dst_name)
);
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
, alive_nano BIGINT NOT NULL DEFAULT 0, origins BLOB, answered BIGINT NOT NULL DEFAULT 0);
CREATE TABLE removals (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  src_uids     TEXT NOT NULL,
  created_unix BIGINT NOT NULL
);
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
  src_objects BIGINT NOT NULL DEFAULT 0, dst_token TEXT NOT NULL DEFAULT '', dst_ctag TEXT NOT NULL DEFAULT '', -- at the source, when last seen
  UNIQUE (address, src_href)
);
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
  updated_nano  BIGINT NOT NULL, kept BLOB, earlier BLOB, anew INTEGER NOT NULL DEFAULT 0, made_uid TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (collection_id, src_name)
) WITHOUT ROWID;
CREATE TABLE rules (
  address   TEXT NOT NULL,
  name      TEXT NOT NULL,
  digest    TEXT NOT NULL,
  activated INTEGER NOT NULL DEFAULT 0 CHECK (activated IN (0, 1)), waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1)),
  PRIMARY KEY (address, name)
);
CREATE TABLE voids (
  id           INTEGER PRIMARY KEY,
  mailbox_id   BIGINT NOT NULL REFERENCES mailboxes(id),
  generation   BIGINT NOT NULL,
  dst_floor    BIGINT NOT NULL, -- no message of the batch has a lower UID at the destination
  src_uids     TEXT NOT NULL,
  created_nano BIGINT NOT NULL
, answered BIGINT NOT NULL DEFAULT 0, replaced BIGINT NOT NULL DEFAULT 0, flags BLOB, digests BLOB);
CREATE TABLE status_evidence (
  address       TEXT NOT NULL,
  side          TEXT NOT NULL CHECK (side IN ('source', 'destination')),
  trust         TEXT NOT NULL CHECK (trust IN ('earned', 'none', 'lost')),
  PRIMARY KEY (address, side)
);
CREATE TABLE gaps (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes(id),
  generation BIGINT NOT NULL,
  dst_uids   TEXT NOT NULL
);
CREATE TABLE trials (
  address    TEXT   NOT NULL,
  uid        TEXT   NOT NULL,
  collection TEXT   NOT NULL, -- href
  until_unix BIGINT NOT NULL, -- when it cannot arrive any more
  PRIMARY KEY (address, uid)
);
CREATE TABLE turns (
  address      TEXT   PRIMARY KEY,
  pass         TEXT   NOT NULL,
  state        TEXT   NOT NULL CHECK (state IN ('queued', 'working', 'waiting', 'failed')),
  place        BIGINT NOT NULL,            -- in the queue: the lowest is next
  step         TEXT   NOT NULL DEFAULT '', -- kind of work that is under way, waits, or has failed
  due_nano     BIGINT NOT NULL DEFAULT 0,  -- UNIX time before which it is not tried again; 0 for now
  failures     BIGINT NOT NULL DEFAULT 0,  -- in a row
  failing_unix BIGINT NOT NULL DEFAULT 0,  -- when the first of them was
  reason       TEXT   NOT NULL DEFAULT '', -- of the last of them, or what is waited for
  changed_unix BIGINT NOT NULL             -- since when it is in this state
, run INTEGER NOT NULL DEFAULT 0);
CREATE TABLE accepted (
  address       TEXT   NOT NULL,
  difference    TEXT   NOT NULL, -- its name
  times         BIGINT NOT NULL, -- as many of the same
  sentence      TEXT   NOT NULL, -- what it was then
  person        TEXT   NOT NULL,
  reason        TEXT   NOT NULL,
  accepted_unix BIGINT NOT NULL,
  PRIMARY KEY (address, difference)
);
CREATE TABLE audit (
  line        BIGINT PRIMARY KEY, -- from 1 on, without a gap
  at_unix     BIGINT NOT NULL,
  person      TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  object      TEXT   NOT NULL,
  before_text TEXT   NOT NULL,
  after_text  TEXT   NOT NULL,
  digest      TEXT   NOT NULL
);
CREATE TABLE proofs (
  address TEXT NOT NULL,
  kind    TEXT NOT NULL,
  place   TEXT NOT NULL, -- the mailbox or collection
  ends    TEXT NOT NULL, -- both ends as they were reached
  mark    BLOB NOT NULL, -- how both were; package verify's own form, and so is the next
  content BLOB NOT NULL, -- what was read
  PRIMARY KEY (address, kind, place)
);
CREATE TABLE logins (
  id         INTEGER PRIMARY KEY,
  address    TEXT   NOT NULL,
  protocol   TEXT   NOT NULL,
  host       TEXT   NOT NULL,
  credential TEXT   NOT NULL, -- a keyed digest of name and password
  result     TEXT   NOT NULL,
  sentence   TEXT   NOT NULL,
  next_step  TEXT   NOT NULL,
  failure    BIGINT NOT NULL, -- 1: a host may count it as a failed log-in
  began_unix BIGINT NOT NULL
);
CREATE TABLE probes (
  message_id TEXT   PRIMARY KEY,
  address    TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  place      TEXT   NOT NULL, -- the mailbox in which it was found
  sent_unix  BIGINT NOT NULL
);
CREATE TABLE cutovers (
  domain        TEXT   PRIMARY KEY,
  state         TEXT   NOT NULL CHECK (state IN ('gates', 'final_pass', 'ready', 'switching', 'proving', 'probing', 'releasing', 'late_mail', 'live',
                                                 'restoring', 'proving_back', 'returning', 'rolled_back', 'closing', 'closed')),
  since_unix    BIGINT NOT NULL, -- of the state
  began_unix    BIGINT NOT NULL, -- of this attempt
  passed_unix   BIGINT NOT NULL, -- when the final pass ended; 0 before
  written_unix  BIGINT NOT NULL, -- when the first record was about to be written; 0 before
  switched_unix BIGINT NOT NULL, -- when every server gave the new records; 0 before
  quiet_unix    BIGINT NOT NULL, -- since when no mail has come late; 0 before
  looked_unix   BIGINT NOT NULL, -- when it was last looked for
  late          BIGINT NOT NULL, -- messages that came late
  returned      BIGINT NOT NULL, -- messages that were carried back
  held          TEXT   NOT NULL, -- JSON: what it waits for
  overrides     TEXT   NOT NULL  -- JSON: what somebody has answered for
);
CREATE TABLE cutover_records (
  domain       TEXT   NOT NULL REFERENCES cutovers (domain),
  place        BIGINT NOT NULL, -- in the order in which they are written
  about        TEXT   NOT NULL,
  name         TEXT   NOT NULL,
  before_type  TEXT   NOT NULL,
  before_data  TEXT   NOT NULL, -- JSON: a list, as a zone file has them
  before_ttl   BIGINT NOT NULL, -- seconds
  after_type   TEXT   NOT NULL,
  after_data   TEXT   NOT NULL,
  after_ttl    BIGINT NOT NULL,
  state        TEXT   NOT NULL CHECK (state IN ('planned', 'writing', 'written', 'seen', 'restoring', 'restored', 'seen_back', 'foreign')),
  by_hand      BIGINT NOT NULL, -- 1: a person writes it
  written_unix BIGINT NOT NULL, -- when it was last written, or first seen to be; 0 before
  seen_unix    BIGINT NOT NULL, -- when every server first gave it; 0 before
  PRIMARY KEY (domain, place)
);
CREATE TABLE looks (
  name     TEXT   NOT NULL,
  object   TEXT   NOT NULL,
  outcome  TEXT   NOT NULL,
  open     BIGINT NOT NULL, -- things that somebody has to see to
  sentence TEXT   NOT NULL,
  at_unix  BIGINT NOT NULL,
  PRIMARY KEY (name, object)
);
CREATE TABLE probe_mails (
  message_id TEXT   PRIMARY KEY,
  way        TEXT   NOT NULL,
  domain     TEXT   NOT NULL,
  account    TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  host       TEXT   NOT NULL,
  words      TEXT   NOT NULL,
  place      TEXT   NOT NULL,
  sent_unix  BIGINT NOT NULL
);
CREATE TABLE late_accounts (
  address      TEXT   PRIMARY KEY,
  looked_nano  BIGINT NOT NULL, -- 0: never as a whole
  trouble      TEXT   NOT NULL,
  arrived_unix BIGINT NOT NULL, -- 0: nothing
  due_nano     BIGINT NOT NULL  -- the look that has shown what no pass has brought; 0: none
);
CREATE TABLE late_marks (
  address     TEXT   NOT NULL,
  mailbox     TEXT   NOT NULL,
  uidvalidity BIGINT NOT NULL,
  uidnext     BIGINT NOT NULL,
  messages    BIGINT NOT NULL,
  PRIMARY KEY (address, mailbox)
);
CREATE TABLE late_traffic (
  address   TEXT   NOT NULL,
  hour_unix BIGINT NOT NULL,
  host      TEXT   NOT NULL,
  messages  BIGINT NOT NULL,
  PRIMARY KEY (address, hour_unix, host)
);
CREATE TABLE identifiers (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
  generation BIGINT NOT NULL,
  src_uid    BIGINT NOT NULL,
  uidl       TEXT   NOT NULL,
  place      BIGINT NOT NULL, -- in the order of the maildrop
  PRIMARY KEY (mailbox_id, generation, src_uid)
);
CREATE TABLE sightings (
  address    TEXT   NOT NULL,
  protocol   TEXT   NOT NULL,
  agent      TEXT   NOT NULL, -- what the program says of itself; "" if it does not
  first_unix BIGINT NOT NULL, -- 0: not known
  last_unix  BIGINT NOT NULL,
  PRIMARY KEY (address, protocol, agent)
);
CREATE TABLE notices (
  address    TEXT   NOT NULL,
  kind       TEXT   NOT NULL, -- "before" or "after" the switch
  state      TEXT   NOT NULL CHECK (state IN ('previewed', 'sending', 'committing', 'sent', 'deferred', 'refused', 'bounced')),
  digest     TEXT   NOT NULL, -- of what somebody was shown
  message_id TEXT   NOT NULL,
  words      TEXT   NOT NULL, -- the server's
  at_unix    BIGINT NOT NULL,
  PRIMARY KEY (address, kind)
);
CREATE TABLE operators (
  name         TEXT PRIMARY KEY,
  role         TEXT NOT NULL CHECK (role IN ('look', 'operate', 'switch')),
  password     TEXT NOT NULL, -- argon2id, in the form of the PHC
  changed_unix INTEGER NOT NULL
);
CREATE TABLE leases (
  address     TEXT PRIMARY KEY,
  epoch       INTEGER NOT NULL, -- one higher with each claim
  holder      TEXT NOT NULL,
  until_milli INTEGER NOT NULL
);
CREATE TABLE speeds (
  minute   BIGINT PRIMARY KEY,
  messages BIGINT NOT NULL,
  octets   BIGINT NOT NULL,
  objects  BIGINT NOT NULL,
  accounts BIGINT NOT NULL
);
CREATE TABLE annotations (
  address         TEXT    NOT NULL,
  src_name        TEXT    NOT NULL,
  entry           TEXT    NOT NULL, -- '' says only that the mailbox was asked
  dst_name        TEXT    NOT NULL,
  dst_uidvalidity BIGINT  NOT NULL, -- 0 is not told
  seen            BLOB,             -- the source's value when it was last decided about
  wrote           BLOB,             -- what the destination has from us; NULL when its value is its user's
  writing         BLOB,             -- what may be on its way there
  PRIMARY KEY (address, src_name, entry)
);
CREATE TABLE workers (
  name        TEXT PRIMARY KEY,
  began_unix  INTEGER NOT NULL,
  until_milli INTEGER NOT NULL,
  leaving     INTEGER NOT NULL DEFAULT 0
, idle INTEGER NOT NULL DEFAULT 0, server INTEGER NOT NULL DEFAULT 0, hindered TEXT NOT NULL DEFAULT '');
CREATE TABLE runs (
  id         INTEGER PRIMARY KEY,
  options    BLOB NOT NULL,
  accounts   INTEGER NOT NULL,
  began_unix INTEGER NOT NULL
);
CREATE TABLE tokens (
  name         TEXT PRIMARY KEY,
  role         TEXT NOT NULL CHECK (role IN ('look', 'operate', 'switch')),
  digest       TEXT NOT NULL,
  person       TEXT NOT NULL,
  made_unix    INTEGER NOT NULL,
  expires_unix INTEGER NOT NULL
, used_unix INTEGER NOT NULL DEFAULT 0);
CREATE TABLE own_logins (
  address    TEXT    NOT NULL,
  protocol   TEXT    NOT NULL,
  came_from  TEXT    NOT NULL, -- an IP address, as this machine knows it
  times      INTEGER NOT NULL,
  first_unix INTEGER NOT NULL,
  last_unix  INTEGER NOT NULL,
  PRIMARY KEY (address, protocol, came_from)
);
CREATE TABLE principals (
  address    TEXT   NOT NULL,
  side       TEXT   NOT NULL, -- 'source', 'destination'
  server     TEXT   NOT NULL,
  login      TEXT   NOT NULL,
  href       TEXT   NOT NULL,
  noted_unix BIGINT NOT NULL,
  PRIMARY KEY (address, side)
);
CREATE TABLE shares (
  worker TEXT NOT NULL,
  part   TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (worker, part)
);
CREATE TABLE loads (
  minute     BIGINT NOT NULL,
  side       TEXT NOT NULL,
  service    TEXT NOT NULL,
  address    TEXT NOT NULL,
  opened     BIGINT NOT NULL,
  awaited    BIGINT NOT NULL,
  on_way     BIGINT NOT NULL,
  paced      BIGINT NOT NULL,
  queued     BIGINT NOT NULL,
  eased      BIGINT NOT NULL,
  unmeasured BIGINT NOT NULL,
  PRIMARY KEY (minute, side, service, address)
);
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
CREATE TABLE wave_counts (
  wave   TEXT NOT NULL,
  minute INTEGER NOT NULL, -- since 1970
  what   TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (wave, minute, what)
);
CREATE TABLE alerted (
  channel TEXT NOT NULL, -- as the settings name it
  what    TEXT NOT NULL,
  account TEXT NOT NULL, -- '' for no account
  PRIMARY KEY (channel, what, account)
);
CREATE TABLE withdrawals (
  mailbox_id BIGINT NOT NULL REFERENCES mailboxes(id),
  dst_uids   TEXT NOT NULL,
  flags      BLOB NOT NULL,
  digests    BLOB NOT NULL
);
CREATE INDEX batches_by_mailbox ON batches (mailbox_id, generation, state);
CREATE INDEX removals_by_mailbox ON removals (mailbox_id, generation);
CREATE INDEX voids_by_mailbox ON voids (mailbox_id, generation);
CREATE INDEX intents_by_mailbox ON batches (mailbox_id) WHERE state = 'intent';
CREATE INDEX gaps_by_mailbox ON gaps (mailbox_id, generation);
CREATE INDEX logins_failures ON logins (began_unix) WHERE failure = 1;
CREATE INDEX accounts_by_state ON accounts (state, address);
CREATE INDEX verifications_by_verdict ON verifications (verdict, address);
CREATE INDEX findings_by_severity ON findings (severity, address, code, object);
CREATE INDEX leases_open ON leases (until_milli) WHERE until_milli > 0;
CREATE INDEX audit_by_object ON audit (object, line);
CREATE INDEX turns_by_run ON turns (run, state);
CREATE INDEX accounts_not_compared ON accounts (address) WHERE compared = 0;
CREATE INDEX accounts_with_trouble ON accounts (address) WHERE failed > 0 OR state = 'blocked';
CREATE INDEX wave_members_by_wave ON wave_members (wave, address);
CREATE INDEX verifications_by_time ON verifications (verified_unix, address);
CREATE INDEX withdrawals_by_mailbox ON withdrawals (mailbox_id);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1), (13, 1), (14, 1), (15, 1), (16, 1), (17, 1), (18, 1), (19, 1), (20, 1), (21, 1), (22, 1), (23, 1), (24, 1), (25, 1), (26, 1), (27, 1), (28, 1), (29, 1), (30, 1), (31, 1), (32, 1), (33, 1), (34, 1), (35, 1), (36, 1), (37, 1), (38, 1), (39, 1), (40, 1), (41, 1), (42, 1), (43, 1), (44, 1), (45, 1), (46, 1), (47, 1), (48, 1);
