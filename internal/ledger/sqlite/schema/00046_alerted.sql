-- +goose Up

-- Who was told of what needs somebody: it is told once, also after a restart.
CREATE TABLE alerted (
  channel TEXT NOT NULL, -- as the settings name it
  what    TEXT NOT NULL,
  account TEXT NOT NULL, -- '' for no account
  PRIMARY KEY (channel, what, account)
);
