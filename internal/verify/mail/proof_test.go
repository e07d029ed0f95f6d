// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

// drawRecords are messages of one mailbox.
func drawRecords(t *rapid.T, compared int64) []*record {
	var records []*record
	uid := imap.UID(0)
	for range rapid.IntRange(0, 8).Draw(t, "messages") {
		uid += imap.UID(rapid.IntRange(1, 1<<20).Draw(t, "gap"))
		r := newRecord(nil, uid)
		r.size = int64(rapid.IntRange(0, 1<<40).Draw(t, "size"))
		r.shown = rapid.Bool().Draw(t, "shown")
		if rapid.Bool().Draw(t, "dated") {
			r.date = int64(rapid.IntRange(-1<<40, 1<<40).Draw(t, "date"))
		}
		r.flags = rapid.SampledFrom([]string{untold, "", `\seen`, `$work \seen`}).Draw(t, "flags")
		if rapid.Bool().Draw(t, "read") {
			r.digest = message.Digest(sha256.Sum256([]byte{byte(rapid.IntRange(0, 5).Draw(t, "content"))}))
			r.octets = r.size + int64(rapid.IntRange(-9, 9).Draw(t, "line ends"))
		}
		r.paired = rapid.SampledFrom([]int64{0, compared, compared - 86400}).Draw(t, "paired")
		records = append(records, &r)
	}
	return records
}

func TestProof_comesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const compared = 1_800_000_000
		want := [][]*record{drawRecords(t, compared), drawRecords(t, compared), drawRecords(t, compared)}
		var boxes []*box
		for _, records := range want {
			boxes = append(boxes, &box{records: records})
		}
		text := encodeBoxes(compared, boxes...)
		got, err := decodeBoxes(text, compared, len(want))
		if err != nil {
			t.Fatal(err)
		}
		shown := func(all [][]*record) (lines []string) {
			for i, records := range all {
				for _, r := range records {
					lines = append(lines, fmt.Sprintf("%d: %+v", i, *r))
				}
			}
			return lines
		}
		if diff := cmp.Diff(shown(want), shown(got)); diff != "" {
			t.Error(diff)
		}
		for i := range text {
			if _, err := decodeBoxes(text[:i], compared, len(want)); err == nil {
				t.Fatalf("the first %d of %d octets are taken for whole", i, len(text))
			}
		}
	})
}

// A message that both ends have in the same way costs little more than its digest.
func TestProof_isCompact(t *testing.T) {
	t.Parallel()
	var src, dst []*record
	for i := range 10_000 {
		r := newRecord(nil, imap.UID(i+1))
		r.size, r.date, r.flags, r.shown, r.paired = int64(5000+i), int64(1_500_000_000+100*i), `\seen`, true, 1
		r.digest = message.Digest(sha256.Sum256(fmt.Append(nil, i)))
		r.octets = r.size
		there := r
		src, dst = append(src, &r), append(dst, &there)
	}
	if n := len(encodeBoxes(1, &box{records: src}, &box{records: dst})) / len(src); n > 52 {
		t.Errorf("%d octets a message", n)
	}
}

func FuzzDecodeBoxes(f *testing.F) {
	r := newRecord(nil, 7)
	r.digest, r.paired, r.date = message.Digest{1}, 5, 9
	f.Add(encodeBoxes(5, &box{records: []*record{&r}}, &box{records: []*record{&r}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, text []byte) {
		boxes, err := decodeBoxes(bytes.Clone(text), 5, 2)
		if err != nil {
			return
		}
		again, err := decodeBoxes(encodeBoxes(5, &box{records: boxes[0]}, &box{records: boxes[1]}), 5, 2)
		if err != nil || len(again[0]) != len(boxes[0]) || len(again[1]) != len(boxes[1]) {
			t.Errorf("%v: %d and %d, want %d and %d", err, len(again[0]), len(again[1]), len(boxes[0]), len(boxes[1]))
		}
	})
}

// What a mailbox has to show so that what was read of it holds: everything else is read again.
func TestStamp_doubts(t *testing.T) {
	t.Parallel()
	s := stamp{Name: "INBOX", UIDValidity: 7, UIDNext: 50, ModSeq: 900, Messages: 3, Newest: newest{49, 1234, 5678}}
	now := func(change func(*imap.Selected)) imap.Selected {
		selected := imap.Selected{UIDValidity: 7, UIDNext: 50, HighestModSeq: 900, Messages: imap.CountOf(3)}
		change(&selected)
		return selected
	}
	shown := imap.Newest{UID: 49, Size: 1234, InternalDate: dateOf(5678)}
	for _, c := range []struct {
		name               string
		change             func(*imap.Selected)
		vouches, untouched bool
	}{
		{"nothing", func(*imap.Selected) {}, true, true},
		{"mail arrived", func(s *imap.Selected) { s.UIDNext, s.HighestModSeq, s.Messages = 51, 901, imap.CountOf(4) }, true, false},
		{"flags changed", func(s *imap.Selected) { s.HighestModSeq = 901 }, true, false},
		{"a count that is not told", func(s *imap.Selected) { s.Messages = imap.Count{} }, true, false},
		{"another number of messages", func(s *imap.Selected) { s.Messages = imap.CountOf(2) }, true, false},
		{"another UIDVALIDITY", func(s *imap.Selected) { s.UIDValidity = 8 }, false, false},
		{"no UIDVALIDITY", func(s *imap.Selected) { s.UIDValidity = 0 }, false, false},
		{"UIDNEXT falls", func(s *imap.Selected) { s.UIDNext = 49 }, false, false},
		{"no UIDNEXT", func(s *imap.Selected) { s.UIDNext = 0 }, false, false},
		{"MODSEQ falls", func(s *imap.Selected) { s.HighestModSeq = 899 }, false, false},
		{"NOMODSEQ", func(s *imap.Selected) { s.HighestModSeq = 0 }, false, false},
		{"another MAILBOXID", func(s *imap.Selected) { s.MailboxID = "f2" }, false, false},
	} {
		state := now(c.change)
		if v, u := s.vouches(state, true), s.untouched(state, shown); v != c.vouches || u != c.untouched {
			t.Errorf("%s: vouches %v, untouched %v; want %v, %v", c.name, v, u, c.vouches, c.untouched)
		}
	}
	for name, other := range map[string]imap.Newest{
		"another newest message": {UID: 49, Size: 1235, InternalDate: dateOf(5678)},
		"none is shown":          {},
	} {
		if s.untouched(now(func(*imap.Selected) {}), other) {
			t.Errorf("%s: untouched", name)
		}
	}
	s.ModSeq = 0
	if state := now(func(s *imap.Selected) { s.HighestModSeq = 0 }); !s.vouches(state, false) || s.vouches(state, true) || s.untouched(state, shown) {
		t.Error("an end without CONDSTORE has to vouch for what is listed again, a NOMODSEQ mailbox for nothing")
	}
}

// A message keeps its proof only as long as nothing of it has changed.
func TestStamp_holds(t *testing.T) {
	t.Parallel()
	then := record{uid: 4, size: 10, date: 20, flags: `\seen`, shown: true}
	for _, c := range []struct {
		name              string
		change            func(*record)
		with, withoutMods bool
	}{
		{"nothing", func(*record) {}, true, true},
		{"a flag", func(r *record) { r.flags = "" }, false, false},
		{"flags are not told", func(r *record) { r.flags = untold }, false, false},
		{"the size", func(r *record) { r.size = 11 }, false, false},
		{"the date", func(r *record) { r.date = 21 }, false, false},
		{"its MODSEQ only", func(r *record) { r.modseq = 901 }, false, true},
		{"its MODSEQ is not told", func(r *record) { r.modseq = 0 }, false, true},
		{"it is not listed", func(r *record) { r.shown = false }, false, false},
	} {
		now := then
		now.modseq = 900
		c.change(&now)
		if got := (stamp{UIDNext: 50, ModSeq: 900}).holds(&then, &now); got != c.with {
			t.Errorf("%s: %v with MODSEQ, want %v", c.name, got, c.with)
		}
		if got := (stamp{UIDNext: 50}).holds(&then, &now); got != c.withoutMods {
			t.Errorf("%s: %v without MODSEQ, want %v", c.name, got, c.withoutMods)
		}
	}
	if now := then; (stamp{UIDNext: 4}).holds(&then, &now) {
		t.Error("a UID that UIDNEXT had not reached proves nothing")
	}
}

func dateOf(seconds int64) time.Time { return time.Unix(seconds, 0) }
