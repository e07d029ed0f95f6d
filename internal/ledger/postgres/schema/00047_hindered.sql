-- +goose Up

-- Why a worker that is there can do nothing, such as a secret that its machine lacks; '' for nothing.
ALTER TABLE workers ADD COLUMN hindered TEXT COLLATE "C" NOT NULL DEFAULT '';
