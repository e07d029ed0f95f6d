// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/protocol/imap"
)

// columnsOf encodes items as a row of batches holds them.
func columnsOf(items []Item) columns {
	return columns{srcUIDs: runsOf(items, sourceUID), dstUIDs: runsOf(items, destinationUID), sizes: encodeSizes(items), flags: encodeFlags(items),
		digests: encodeHashes(items, digestKind()), origins: encodeHashes(items, originKind())}
}

// drawItems makes a batch with UIDs in any order, runs and repetitions among them.
func drawItems(t *rapid.T) []Item {
	uid := rapid.OneOf(rapid.Uint32Range(1, 20), rapid.Uint32Min(1), rapid.Just(^uint32(0)))
	flag := rapid.SampledFrom([]string{`\Seen`, `\Answered`, "$Junk", "a", "B", "NIL", "$Gr\xfc\xdfe", "no\u00a0break", "日本"})
	var items []Item
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		src, dst := uid.Draw(t, "source"), uid.Draw(t, "destination")
		for range rapid.IntRange(1, 8).Draw(t, "length") {
			flags := rapid.SliceOfNDistinct(flag, 0, 3, rapid.ID).Draw(t, "flags")
			slices.Sort(flags)
			if len(flags) == 0 {
				flags = nil
			}
			items = append(items, Item{UID: imap.UID(src), DstUID: imap.UID(dst), Size: rapid.Int64().Draw(t, "size"), Flags: flags})
			src, dst = max(src+1, 1), max(dst+1, 1)
		}
	}
	return items
}

func TestColumns_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawItems(t)
		c := columnsOf(want)
		got, err := c.stored()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]Item{}, want...), got); diff != "" {
			t.Fatal(diff)
		}
		intended, err := c.intended()
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i].DstUID = 0
		}
		if diff := cmp.Diff(got, intended); diff != "" {
			t.Fatal(diff)
		}
		var m, want2 Mailbox
		if err := m.load("receipt", c, len(c.sizes)); err != nil {
			t.Fatal(err)
		}
		want2.note(want)
		if m.Done.String() != want2.Done.String() || m.Ours.String() != want2.Ours.String() {
			t.Fatalf("loaded done %s ours %s, want %s and %s", m.Done, m.Ours, want2.Done, want2.Ours)
		}
	})
}

// Whatever the columns hold, decoding returns what encodes to the same, or says that it is damaged.
func FuzzColumns(f *testing.F) {
	for _, items := range [][]Item{nil, messages(1), messages(3, 4, 5, 1, 9), {{UID: 1, DstUID: 1, Size: -1, Flags: []string{`\Seen`, "a"}}}} {
		c := columnsOf(items)
		f.Add(c.srcUIDs, c.dstUIDs, c.sizes, c.flags)
	}
	f.Add("1:4294967295", "1:4294967295", []byte{0}, []byte{0})
	f.Add("9:4", "1,,2", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, []byte{1, 0xff, 0xff, 3})
	f.Fuzz(func(t *testing.T, src, dst string, sizes, flags []byte) {
		c := columns{srcUIDs: src, dstUIDs: dst, sizes: sizes, flags: flags}
		var m Mailbox
		if err := m.load("receipt", c, len(sizes)); err != nil && !errors.Is(err, errDamaged) {
			t.Errorf("load: %v", err)
		}
		items, err := c.stored()
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Errorf("stored: %v", err)
			}
			return
		}
		again, err := columnsOf(items).stored()
		if diff := cmp.Diff(items, again, cmp.Transformer("set", FlagSet)); err != nil || diff != "" {
			t.Errorf("encoded again: %v %s", err, diff)
		}
	})
}

// One octet more or less in any column does not pass, and neither does a set that would need
// gigabytes.
func TestColumns_damaged(t *testing.T) {
	t.Parallel()
	good := columnsOf(messages(4, 5, 9))
	for name, damage := range map[string]func(*columns){
		"source empty":          func(c *columns) { c.srcUIDs = "" },
		"source no number":      func(c *columns) { c.srcUIDs = "4:5,x" },
		"source empty run":      func(c *columns) { c.srcUIDs = "4:5,,9" },
		"source backwards":      func(c *columns) { c.srcUIDs = "5:4,9" },
		"source zero":           func(c *columns) { c.srcUIDs = "0:1,9" },
		"source star":           func(c *columns) { c.srcUIDs = "4:*" },
		"source huge":           func(c *columns) { c.srcUIDs = "1:4294967295" },
		"source too high":       func(c *columns) { c.srcUIDs = "4:5,4294967296" },
		"destination fewer":     func(c *columns) { c.dstUIDs = "4:5" },
		"destination more":      func(c *columns) { c.dstUIDs = "4:7" },
		"destination huge":      func(c *columns) { c.dstUIDs = strings.Repeat("1:4294967295,", 9) + "1" },
		"sizes missing":         func(c *columns) { c.sizes = nil },
		"sizes cut":             func(c *columns) { c.sizes = c.sizes[:len(c.sizes)-1] },
		"sizes longer":          func(c *columns) { c.sizes = append(slices.Clone(c.sizes), 0) },
		"flags missing":         func(c *columns) { c.flags = nil },
		"flags cut":             func(c *columns) { c.flags = c.flags[:len(c.flags)-1] },
		"flags longer":          func(c *columns) { c.flags = append(slices.Clone(c.flags), 0) },
		"flags without sets":    func(c *columns) { c.flags = []byte{0, 0, 0, 0} },
		"flags of unknown set":  func(c *columns) { c.flags = []byte{1, 1, 'a', 0, 0, 1} },
		"flags with huge count": func(c *columns) { c.flags = []byte{0xff, 0xff, 0xff, 0xff, 0x0f} },
		"flags with huge set":   func(c *columns) { c.flags = []byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			damage(&c)
			if items, err := c.stored(); !errors.Is(err, errDamaged) {
				t.Errorf("got %v, %v, want %v", items, err, errDamaged)
			}
		})
	}
	if _, err := good.stored(); err != nil {
		t.Errorf("undamaged: %v", err)
	}
}

// What the operator hears of a damaged row names the store and a way out, whichever call meets it.
func TestLedger_damagedRow(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"intent's sizes": `UPDATE batches SET sizes = X'' WHERE state = 'intent'`,
		"intent's flags": `UPDATE batches SET flags = NULL WHERE state = 'intent'`,
		"source UIDs":    `UPDATE batches SET src_uids = '1:4294967295' WHERE state = 'adopted'`,
		"other UIDs":     `UPDATE batches SET dst_uids = '' WHERE state = 'adopted'`,
		"all as text":    `UPDATE batches SET sizes = 'x', flags = 'y', src_uids = X'00ff'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t)
			m := load(t, l, inbox())
			must(t, l.Mail.Adopt(t.Context(), m, messages(1, 2)))
			intend(t, l, m, messages(3)...)
			must(t, l.store.write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec(statement)
				return err
			}))
			_, err := l.Mail.Mailbox(t.Context(), inbox())
			wantOperator(t, err, "damaged", "restore the store")
		})
	}
	l := create(t)
	m := load(t, l, inbox())
	must(t, l.Mail.Adopt(t.Context(), m, messages(1, 2)))
	must(t, l.store.write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE batches SET sizes = X''`)
		return err
	}))
	wantOperator(t, l.Mail.Stored(t.Context(), m, func(Stored) error { return nil }), "damaged", "restore the store")
}

func TestFlagSet_orderDoesNotCount(t *testing.T) {
	t.Parallel()
	flags := []string{`\Seen`, "b", "A"}
	if got, want := FlagSet(flags), `A \Seen b`; got != want || flags[0] != `\Seen` {
		t.Errorf("FlagSet = %q, want %q; the argument is %v now", got, want, flags)
	}
	if FlagSet(nil) != "" {
		t.Errorf("FlagSet(nil) = %q", FlagSet(nil))
	}
}

func TestHashes_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := make([]Item, rapid.IntRange(1, 20).Draw(t, "messages"))
		for i := range items {
			if rapid.Bool().Draw(t, "known") {
				items[i].Digest = rapid.SliceOfN(rapid.ByteRange(1, 255), 32, 32).Draw(t, "digest")
			}
		}
		got := make([]Item, len(items))
		if err := decodeHashes(encodeHashes(items, digestKind()), got, digestKind()); err != nil {
			t.Fatal(err)
		}
		for i := range items {
			if !bytes.Equal(got[i].Digest, items[i].Digest) {
				t.Errorf("message %d: got %x, want %x", i, got[i].Digest, items[i].Digest)
			}
		}
		if err := decodeHashes(make([]byte, len(items)*32+1), got, digestKind()); err == nil {
			t.Error("a column of another length is believed")
		}
	})
}

func TestObjects_damagedRepairs(t *testing.T) {
	t.Parallel()
	l := create(t)
	book := Collection{Address: "anna@example.test", Kind: rehome.KindContacts, Source: "/src/", Destination: "/dst/"}
	c, err := l.Objects.Collection(t.Context(), book)
	must(t, err)
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectStored, Repairs: []Repair{{"fn", "x"}}}))
	_, err = l.store.db.Exec(`UPDATE objects SET repairs = '[{'`)
	must(t, err)
	_, err = l.Objects.Objects(t.Context(), c)
	wantOperator(t, err, "damaged", "restore the store")
}
