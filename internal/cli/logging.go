// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/lmittmann/tint"

	"rehome/internal/vault"
)

// openLog makes the logger of a run: for standard error, as -v and --quiet say, and for the file that --log-file names. The
// returned function closes the file and returns why it is not complete.
func (f *frame) openLog() (log *slog.Logger, closeLog func() error, err error) {
	if f.logFile == "" {
		return slog.New(f.screenHandler()), func() error { return nil }, nil
	}
	file, err := vault.OpenAppend(f.logFile)
	if err != nil {
		return nil, nil, err
	}
	sink := &logSink{file: file}
	toFile := slog.NewJSONHandler(sink, &slog.HandlerOptions{Level: f.fileLevel(), ReplaceAttr: inSeconds})
	return slog.New(slog.NewMultiHandler(f.screenHandler(), toFile)), sink.close, nil
}

// screenHandler writes to standard error: in colour at a terminal, as JSON with --json, otherwise as plain
// key=value lines.
func (f *frame) screenHandler() slog.Handler {
	switch {
	case f.json:
		return slog.NewJSONHandler(f.screen, &slog.HandlerOptions{Level: f.level(), ReplaceAttr: inSeconds})
	case f.screen.terminal:
		return tint.NewTextHandler(f.screen, &tint.Options{
			Level: f.level(), TimeFormat: time.TimeOnly, NoColor: !bool(f.screen.palette), ReplaceAttr: rounded,
		})
	}
	return slog.NewTextHandler(f.screen, &slog.HandlerOptions{Level: f.level(), ReplaceAttr: rounded})
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

// fileLevel is that of a file, which somebody reads afterwards, whatever was on the screen: always the course of the move.
func (f *frame) fileLevel() slog.Level {
	if f.verbose > 1 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// inSeconds writes a duration as a number of seconds, and says so in its name.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindDuration {
		return a
	}
	return slog.Float64(a.Key+"_seconds", math.Round(a.Value.Duration().Seconds()*1000)/1000)
}

// rounded cuts the digits of a duration that no reader needs.
func rounded(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindDuration {
		return a
	}
	return slog.Duration(a.Key, a.Value.Duration().Round(time.Millisecond))
}

// logSink remembers that a line could not be written: a log that was asked for must not end early without a word. Handlers
// write one line at a time.
type logSink struct {
	file   io.WriteCloser
	failed error
}

func (s *logSink) Write(line []byte) (int, error) {
	n, err := s.file.Write(line)
	s.failed = cmp.Or(s.failed, err)
	return n, err
}

func (s *logSink) close() error {
	err := errors.Join(s.failed, s.file.Close())
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
