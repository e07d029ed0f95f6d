// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"rehome"
)

// Lock makes this process the only one that copies with this ledger: two that work on the same
// mailboxes would both copy what neither has booked yet. The system releases the lock when the
// process ends, however it ends.
func (l *Ledger) Lock() (unlock func(), err error) {
	store, err := filepath.EvalSymlinks(l.path) // a store with two names is one store
	if err != nil {
		return nil, openFault(l.path, err)
	}
	path := store + ".lock"
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, openFault(path, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { _ = file.Close() }, nil // closing an unwritten file releases it and cannot lose anything
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "use store", Object: l.path, Cause: errors.New("another rehome is copying with it"),
			Hint: `wait until it has ended, or look at it with "rehome status"`}
	}
	return nil, openFault(path, err)
}
