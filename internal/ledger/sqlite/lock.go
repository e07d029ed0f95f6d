// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rehome"
)

// Lock makes this process the only one that copies with the file. The system releases the lock when the process ends,
// however it ends.
func (f *File) Lock() (unlock func(), err error) {
	return f.lock(".lock", "in use by another rehome run", `wait until that run has ended; "rehome status" shows its progress`)
}

// Begin refuses nothing: a lock of a file ends with its process and not before.
func (f *File) Begin(conn *sql.Conn, _, _ bool) (*sql.Tx, error) {
	return conn.BeginTx(context.Background(), nil)
}

// FenceLong likewise.
func (f *File) FenceLong(*sql.Tx) error { return nil }

// Free reports whether nobody has taken Lock. That nobody does so a moment later is left to whoever takes it: it asks for leases then,
// and no other transaction writes to the file meanwhile.
func (f *File) Free(*sql.Tx) (bool, error) {
	locked, err := f.Locked()
	return !locked, err
}

// Clock returns what the time is in a sentence.
func (f *File) Clock() string { return `CAST(unixepoch('subsec') * 1000 AS INTEGER)` }

// Holding says nothing: one transaction writes at a time.
func (f *File) Holding() string { return "" }

// Seizing likewise.
func (f *File) Seizing() string { return "" }

// LockFor makes this process the only one that does one kind of work with the file beside those that copy, such as "notify".
func (f *File) LockFor(work string) (unlock func(), err error) {
	return f.lock("."+work+".lock", "another rehome run does the same", "wait until that run has ended")
}

func (f *File) lock(ending, cause, hint string) (unlock func(), err error) {
	store, err := filepath.EvalSymlinks(f.path) // a store with two names is one store
	if err != nil {
		return nil, openFault(f.path, err)
	}
	path := store + ending
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, openFault(path, err)
	}
	err = flock(file, syscall.LOCK_EX)
	for deadline := time.Now().Add(patience); errors.Is(err, syscall.EWOULDBLOCK) && !heldByAnother(file) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
		err = flock(file, syscall.LOCK_EX)
	}
	if err == nil {
		note(file)
		return func() { _ = file.Close() }, nil // closing releases the lock; the process id in it is only a courtesy
	}
	defer func() { _ = file.Close() }()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: f.path,
			Cause: errors.New(cause + holder(file)), Hint: hint}
	}
	return nil, openFault(path, err)
}

// patience is how long the lock is tried again while it may be held by those who but ask, see Locked: each holds it for no
// time, but on a busy machine that may take a while.
const patience = time.Second

// heldByAnother reports whether the process that the file names lives, and is not this one. Where a number was given to
// another process meanwhile, the answer is only sooner.
func heldByAnother(file *os.File) bool {
	pid := holderID(file)
	return pid > 0 && pid != os.Getpid() && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// Attend lets others see that the process lives.
func (f *File) Attend(name string) (leave func(), err error) {
	return f.lock("."+name+".worker", "another worker has this name", "start it again")
}

// Attends reports whether it does.
func (f *File) Attends(_ *sql.Tx, name string) (bool, error) { return f.locked("." + name + ".worker") }

// Incarnation is always the same: what was locked is let go when its process ends, and not before.
func (f *File) Incarnation() string { return "0" }

// Locked reports whether a process copies with the file.
func (f *File) Locked() (bool, error) { return f.locked(".lock") }

func (f *File) locked(ending string) (bool, error) {
	store, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return false, openFault(f.path, err)
	}
	file, err := os.Open(store + ending)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, openFault(store+ending, err)
	}
	defer func() { _ = file.Close() }() // and with it the lock, which is shared by all who ask
	err = flock(file, syscall.LOCK_SH)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func flock(file *os.File, how int) error { return syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB) }

// note writes the process id into the lock file, for the error of the next process. A disk that is full must not
// prevent the lock, so that a failure is ignored.
func note(file *os.File) {
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

// holder returns " (pid 1234)" for the process that holds the lock, or "" if the file does not say.
func holder(file *os.File) string {
	if pid := holderID(file); pid > 0 {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}

// holderID returns the process id that the file names; 0 when it names none.
func holderID(file *os.File) int {
	text := make([]byte, 20)
	n, _ := file.ReadAt(text, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return 0
	}
	return max(pid, 0)
}
