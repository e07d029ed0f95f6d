// SPDX-License-Identifier: Apache-2.0

package beacon

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// ErrOut says that nobody answers at a beacon: its process has ended or died.
var ErrOut = errors.New("nobody answers")

// Sighting is a beacon that somebody has lit; whether it still burns, Open tells.
type Sighting struct {
	Work  string    // what was given to Kindle
	PID   int       // of the process that lit it
	Since time.Time // when it was lit

	folder, file string
}

// Look returns the beacons of a folder, the oldest first. A folder that is not there has none.
func Look(folder string) ([]Sighting, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var seen []Sighting
	for _, entry := range entries {
		work, pid, ok := parse(entry.Name())
		info, err := entry.Info()
		if !ok || err != nil || info.Mode().Type() != fs.ModeSocket {
			continue // gone meanwhile, or somebody else's
		}
		seen = append(seen, Sighting{Work: work, PID: pid, Since: info.ModTime(), folder: folder, file: entry.Name()})
	}
	slices.SortFunc(seen, func(a, b Sighting) int { return a.Since.Compare(b.Since) })
	return seen, nil
}

// dead tells that there is no process of that number.
func (s Sighting) dead() bool { return errors.Is(syscall.Kill(s.PID, 0), syscall.ESRCH) }

// View is a connection to a beacon.
type View struct {
	conn  net.Conn
	lines *bufio.Reader
}

// Open connects. ErrOut: nobody answers there.
func (s Sighting) Open(ctx context.Context) (*View, error) {
	var conn net.Conn
	err := near(s.folder, s.file, func(address string) (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "unix", address)
		return err
	})
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil, ErrOut
	case err != nil:
		return nil, err
	}
	return &View{conn: conn, lines: bufio.NewReaderSize(conn, lineMost)}, nil
}

// Ask returns the state of this moment, or that of the end, after which ErrOut comes. ErrOut without the state of an end: the
// process died.
func (v *View) Ask(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = v.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, _ = v.conn.Write([]byte("\n")) // one that has ended does not hear it, and its last line is there already
	line, err := readLine(v.lines)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, err
	case err != nil:
		return nil, ErrOut
	}
	return line, nil
}

// Close ends the connection.
func (v *View) Close() error { return v.conn.Close() }

// Folder is where the beacons of a move are, by the path of its ledger, or of what else is its own.
func Folder(store string) string {
	if resolved, err := filepath.EvalSymlinks(store); err == nil {
		store = resolved // a ledger with two names is one ledger
	}
	return store + ".now"
}
