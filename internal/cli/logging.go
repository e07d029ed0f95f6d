// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
)

// newLogger writes to standard error: in colour at a terminal, as JSON with --json, otherwise as plain
// key=value lines.
func (f *frame) newLogger() *slog.Logger {
	options := &slog.HandlerOptions{Level: f.level()}
	switch {
	case f.json:
		return slog.New(slog.NewJSONHandler(f.screen, options))
	case f.screen.terminal:
		return slog.New(tint.NewTextHandler(f.screen, &tint.Options{Level: f.level(), TimeFormat: time.TimeOnly, NoColor: !bool(f.screen.palette)}))
	}
	return slog.New(slog.NewTextHandler(f.screen, options))
}

// level shows warnings and errors by default; -v adds the course of the move, -vv the details.
func (f *frame) level() slog.Level {
	switch {
	case f.quiet:
		return slog.LevelError
	case f.verbose == 0:
		return slog.LevelWarn
	case f.verbose == 1:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
