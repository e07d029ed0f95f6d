// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"io"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

func TestParts_cutsByOctets(t *testing.T) {
	t.Parallel()
	var records []*record
	for i, size := range []int64{10, 10, 500, 10, 10, 10} {
		records = append(records, &record{uid: imap.UID(i + 1), size: size})
	}
	var got []string
	for part := range parts(records, 30, func(r *record) int64 { return r.size }) {
		got = append(got, part.String())
	}
	if want := []string{"1:2", "3", "4:6"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Servers may answer what nobody asked, or leave something out.
func TestJob_whoseBodyIsIt(t *testing.T) {
	t.Parallel()
	records := []*record{{uid: 3}, {uid: 5}, {uid: 9}}
	j := &job{records: records, given: make([]bool, 3), taker: newBodies(nil)}
	deliver := func(uid imap.UID, body string) {
		l := &imap.Literal{UID: uid, Size: int64(len(body)), Reader: strings.NewReader(body)}
		if err := j.literal(l); err != nil {
			t.Fatal(err)
		}
		if err := j.message(&imap.Message{UID: uid}); err != nil {
			t.Fatal(err)
		}
	}
	deliver(3, "three")
	deliver(5, "five")
	deliver(4, "nobody's")
	if err := j.message(&imap.Message{UID: 9, Flags: []string{`\Seen`}}); err != nil { // a change of flags
		t.Fatal(err)
	}
	for i, want := range []string{"three", "five", ""} {
		digester := message.NewDigester()
		if _, err := io.WriteString(digester, want); err != nil {
			t.Fatal(err)
		}
		if got := records[i]; got.read() != (want != "") || got.read() && got.digest != digester.Sum() {
			t.Errorf("uid %d: read %v, digest %s", got.uid, got.read(), got.digest.Short())
		}
	}
	if left := j.left(); len(left) != 1 || left[0].uid != 9 {
		t.Errorf("left: %v", left)
	}
}

func TestInOrder_mergesAnswersAboutOneMessage(t *testing.T) {
	t.Parallel()
	got := inOrder([]record{
		{uid: 7, date: noDate, flags: "a"}, // a change of flags, before its own answer
		{uid: 3, size: 30, date: 3, flags: "b"},
		{uid: 7, size: 70, date: 7, flags: "a c"},
	})
	if len(got) != 2 || got[0].uid != 3 || got[1].size != 70 || got[1].date != 7 || got[1].flags != "a c" {
		t.Errorf("got %+v, %+v", got[0], got[1])
	}
}

func TestCanonicalFlags_equalSetsAreEqual(t *testing.T) {
	t.Parallel()
	a := canonicalFlags([]string{"$Work", `\Seen`, `\Recent`, `\FLAGGED`})
	b := canonicalFlags([]string{`\flagged`, "$work", `\seen`, `\Seen`})
	if a != b || a != `$work \flagged \seen` {
		t.Errorf("got %q and %q", a, b)
	}
}
