// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// plan returns a change that makes one account's row and then ends as told.
func plan(ctx context.Context, address string, end func(*sql.Tx) error) *change {
	return &change{ctx: ctx, result: make(chan error, 1), apply: func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO accounts (address) VALUES (?)`, address); err != nil {
			return err
		}
		return end(tx)
	}}
}

func addresses(t *testing.T, l *Ledger) string {
	t.Helper()
	accounts, err := l.Accounts.All(t.Context())
	must(t, err)
	var all []string
	for _, a := range accounts {
		all = append(all, a.Address)
	}
	return strings.Join(all, " ")
}

func TestWriter_oneOfAGroupFails(t *testing.T) {
	t.Parallel()
	l := create(t)
	ctx := t.Context()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	own := errors.New("no")
	fine := func(*sql.Tx) error { return nil }
	group := []*change{
		plan(ctx, "a", fine),
		plan(ctx, "b", func(*sql.Tx) error { return own }),
		plan(gone, "c", fine),
		plan(ctx, "a", fine), // the row is there already
		plan(ctx, "d", func(tx *sql.Tx) error {
			if _, err := tx.Exec(`SELECT * FROM nowhere`); err == nil {
				t.Error("a table out of nowhere")
			}
			return nil // its own business: the statement alone failed
		}),
		plan(ctx, "e", fine),
	}
	l.store.writer.commit(group)
	wants := []func(error) bool{isNil, is(own), is(context.Canceled), notNil, isNil, isNil}
	for i, c := range group {
		if err := <-c.result; !wants[i](err) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if got, want := addresses(t, l), "a d e"; got != want {
		t.Errorf("in the file: %s, want %s", got, want)
	}
}

func isNil(err error) bool { return err == nil }

func notNil(err error) bool { return err != nil }

func is(want error) func(err error) bool { return func(err error) bool { return errors.Is(err, want) } }

// A change alone in its transaction takes nothing of itself along when it fails, and nothing of what follows.
func TestWriter_loneChangeFails(t *testing.T) {
	t.Parallel()
	l, ctx, own := create(t), t.Context(), errors.New("no")
	for _, c := range []struct {
		address string
		end     error
	}{{"a", nil}, {"b", own}, {"c", nil}} {
		lone := plan(ctx, c.address, func(*sql.Tx) error { return c.end })
		l.store.writer.commit([]*change{lone})
		if err := <-lone.result; !errors.Is(err, c.end) {
			t.Errorf("%s: %v, want %v", c.address, err, c.end)
		}
	}
	if got, want := addresses(t, l), "a c"; got != want {
		t.Errorf("in the file: %s, want %s", got, want)
	}
}

// A database may roll the whole transaction back by itself, after a full disk for instance. Then nobody
// of the group may believe that his change is on the disk, and everybody hears the cause.
func TestWriter_transactionLost(t *testing.T) {
	t.Parallel()
	l, ctx := create(t), t.Context()
	cause := errors.New("the disk is full")
	group := []*change{
		plan(ctx, "a", func(*sql.Tx) error { return nil }),
		plan(ctx, "b", func(tx *sql.Tx) error {
			_, err := tx.Exec("ROLLBACK")
			return errors.Join(cause, err)
		}),
		plan(ctx, "c", func(*sql.Tx) error { return nil }),
	}
	l.store.writer.commit(group)
	for i, c := range group {
		if err := <-c.result; err == nil || err.Error() != cause.Error() {
			t.Errorf("change %d: %v, want %v", i, err, cause)
		}
	}
	must(t, l.Passes.Begin(ctx, queued("d")))
	if got := addresses(t, l); got != "d" {
		t.Errorf("in the file: %q, want only what came later", got)
	}
}

func TestClose_whileOthersWrite(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/rehome.db"
	l, err := Open(t.Context(), path)
	must(t, err)
	var work sync.WaitGroup
	var kept atomic.Int64
	for i := range 100 {
		work.Go(func() {
			switch err := l.Passes.Begin(t.Context(), queued(fmt.Sprint(i))); {
			case err == nil:
				kept.Add(1)
			case !errors.Is(err, errClosed):
				t.Errorf("write: %v, want %v", err, errClosed)
			}
		})
	}
	must(t, l.Close())
	must(t, l.Close())
	work.Wait()
	if err := l.Passes.Begin(t.Context(), queued("late")); !errors.Is(err, errClosed) {
		t.Errorf("write after the end: %v, want %v", err, errClosed)
	}
	accounts, err := open(t, path).Accounts.All(t.Context())
	if err != nil || int64(len(accounts)) != kept.Load() {
		t.Errorf("%d rows, %v, want %d", len(accounts), err, kept.Load())
	}
}
