// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"rehome"
)

// lookEvery is how often files are looked at again. What has changed counts when it was the same in two looks, so that half of
// a file that an editor or an ACME client is just writing is never believed.
const lookEvery = 2 * time.Second

// watched is what is made of files, and made again when they change. What cannot be read or understood later leaves what
// was: a service that has begun does not end by a typing error.
type watched[T any] struct {
	read func() ([]byte, error) // all of the files, bounded
	make func([]byte) (T, error)

	current  atomic.Pointer[T]
	used     []byte // what current was made of
	seen     []byte // at the last look
	lastFail string
}

// start reads for the first time, when a mistake is an error.
func (w *watched[T]) start() error {
	content, err := w.read()
	if err != nil {
		return err
	}
	made, err := w.make(content)
	if err != nil {
		return err
	}
	w.used, w.seen = content, content
	w.current.Store(&made)
	return nil
}

// look reads again. It returns the former value if there is a new one, and an error once for each reason.
func (w *watched[T]) look() (former *T, err error) {
	content, err := w.read()
	if err == nil {
		settled := bytes.Equal(content, w.seen)
		w.seen = content
		if bytes.Equal(content, w.used) {
			w.lastFail = ""
			return nil, nil
		}
		if !settled {
			return nil, nil
		}
		var made T
		if made, err = w.make(content); err == nil {
			w.used, w.lastFail = content, ""
			return w.current.Swap(&made), nil
		}
	}
	if err.Error() == w.lastFail {
		return nil, nil
	}
	w.lastFail = err.Error()
	return nil, err
}

// every calls look until the context ends.
func every(ctx context.Context, look func()) {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			look()
		case <-ctx.Done():
			return
		}
	}
}

// readBounded reads a file of at most so many octets.
func readBounded(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(content)) > most {
		err = errors.New("is too large")
	}
	return content, err
}

// SwitchFile is a file in which an administrator writes who has switched.
type SwitchFile struct {
	watched[*table]
	path string
}

// OpenSwitches reads the file. That it is not there is an error, as it could be a name misspelt: after the switch all devices would be
// told the old servers.
func OpenSwitches(path string, domains []string) (*SwitchFile, error) {
	f := &SwitchFile{path: path}
	f.read = func() ([]byte, error) {
		content, err := readBounded(path, maxSwitchFile)
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: path, Cause: bare(err),
				Hint: "create the file; if it is empty, nobody has switched yet"}
		}
		return content, nil
	}
	f.make = func(content []byte) (*table, error) { return parseSwitches(path, content, domains) }
	return f, f.start()
}

// OfDomain implements Switches.
func (f *SwitchFile) OfDomain(domain string) Switch { return (*f.current.Load()).OfDomain(domain) }

// Says returns the line about a domain, if there is one.
func (f *SwitchFile) Says(domain string) (Switch, bool) {
	s, said := (*f.current.Load()).domains[domain]
	return s, said
}

// OfPerson implements Switches.
func (f *SwitchFile) OfPerson(address string) (Switch, bool) {
	return (*f.current.Load()).OfPerson(address)
}

// Watch reads the file again whenever it changes, until the context ends. tell gets a sentence about each change that is
// followed, warn the reason why one is not.
func (f *SwitchFile) Watch(ctx context.Context, tell func(string), warn func(error)) {
	every(ctx, func() {
		former, err := f.look()
		if err != nil {
			warn(err)
		}
		if former == nil {
			return
		}
		if said := (*f.current.Load()).difference(*former); said != "" {
			tell(f.path + " has changed: " + said)
		}
	})
}

// bare takes the path out of an error whose Fault names it already.
func bare(err error) error {
	var inPath *os.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}
