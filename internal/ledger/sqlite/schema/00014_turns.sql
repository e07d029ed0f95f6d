-- +goose Up
-- The queue of a pass: one row for each account whose turns are not over, or ended in trouble. Whoever runs the pass next
-- goes on with it. A row is written with the account's own, when its turn begins and ends, and when it has to wait.
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
);
