-- +goose Up

-- Pages of the screen: each filter is served by an index, however many accounts there are.
CREATE INDEX accounts_by_state ON accounts (state, address);
CREATE INDEX verifications_by_verdict ON verifications (verdict, address);
CREATE INDEX findings_by_severity ON findings (severity, address, code, object);

-- Who may sign in to the screen, and what they may do there.
CREATE TABLE operators (
  name         TEXT COLLATE "C" PRIMARY KEY,
  role         TEXT COLLATE "C" NOT NULL CHECK (role IN ('look', 'operate', 'switch')),
  password     TEXT COLLATE "C" NOT NULL, -- argon2id, in the form of the PHC
  changed_unix BIGINT NOT NULL
);
