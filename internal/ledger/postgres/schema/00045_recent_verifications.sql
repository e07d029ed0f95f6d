-- +goose Up

-- What was verified lately is counted for each wave again and again.
CREATE INDEX verifications_by_time ON verifications (verified_unix, address);
