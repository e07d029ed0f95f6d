// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestLetter_sizeIsExactAndHeaderParses(t *testing.T) {
	t.Parallel()
	shared := newStock(7)
	rng := newRand(7, "test")
	for _, s := range []shape{shapePlain, shapeAlternative, shapeMixed} {
		for range 200 {
			want := 2500 + rng.Int64N(90_000)
			msg := letter{
				stock: shared, seed: rng.Uint64(), id: newID(rng), shape: s, size: want, date: time.Unix(1e9, 0),
				from: correspondent{`O'Hara, "F" Ünal`, "fiona@partner.example"}.field(), to: correspondent{`Ltd, The`, "ltd@partner.example"}.field(),
				subject: encodeSubject("Größe"), mailer: "Atmail", read: true,
			}.message()
			octets := msg.Octets()
			if msg.Size != want || int64(len(octets)) != want {
				t.Fatalf("shape %d: Size %d, wrote %d, want %d", s, msg.Size, len(octets), want)
			}
			parsed, err := mail.ReadMessage(bytes.NewReader(octets))
			if err != nil {
				t.Fatalf("shape %d: %v", s, err)
			}
			if from, err := parsed.Header.AddressList("From"); err != nil || len(from) != 1 {
				t.Fatalf("From %q: %v", parsed.Header.Get("From"), err)
			}
		}
	}
}

func TestOddMessages_describeThemselves(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, msg := range oddMessages() {
		if msg.Trap == "" || seen[msg.Trap] {
			t.Errorf("trap %q is empty or there twice", msg.Trap)
		}
		seen[msg.Trap] = true
		if got := int64(len(msg.Octets())); got != msg.Size || got == 0 {
			t.Errorf("%s: wrote %d octets, Size says %d", msg.Trap, got, msg.Size)
		}
	}
}

// FuzzWireWriter holds the writer against a plain replacement, however the octets are cut.
func FuzzWireWriter(f *testing.F) {
	f.Add([]byte("a\nb\r\nc\rd\x00\n\n"), 3)
	f.Add([]byte("\r\n\r\n"), 1)
	f.Add([]byte("\r\r\n"), 2)
	bareLF := regexp.MustCompile(`(^|[^\r])\n`)
	f.Fuzz(func(t *testing.T, stored []byte, cut int) {
		want := string(stored)
		for bareLF.MatchString(want) { // neighbours overlap
			want = bareLF.ReplaceAllString(want, "$1\r\n")
		}
		want = strings.ReplaceAll(want, "\x00", "\x80")
		var got bytes.Buffer
		w := wireWriter{w: &got}
		at := max(0, min(cut, len(stored)))
		for _, piece := range [][]byte{stored[:at], stored[at:]} {
			if n, err := w.Write(piece); err != nil || n != len(piece) {
				t.Fatalf("Write took %d of %d octets: %v", n, len(piece), err)
			}
		}
		if got.String() != want || w.n != int64(len(want)) {
			t.Errorf("got %q (%d), want %q", got.String(), w.n, want)
		}
	})
}

func TestMailboxNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path       []string
		imap, disk string
	}{
		{nil, "INBOX", "INBOX"},
		{[]string{"Sent Items"}, "INBOX.Sent Items", "Sent Items"},
		{[]string{"Projects", "2019", "Beta & Co"}, "INBOX.Projects.2019.Beta &- Co", "Projects.2019.Beta &- Co"},
		{[]string{"Entwürfe alt"}, "INBOX.Entw&APw-rfe alt", "Entw&APw-rfe alt"},
		{[]string{"受信"}, "INBOX.&U9dP4Q-", "&U9dP4Q-"},
		{[]string{"~peter", "台北", "日本語"}, "INBOX.~peter.&U,BTFw-.&ZeVnLIqe-", "~peter.&U,BTFw-.&ZeVnLIqe-"}, // RFC 3501 section 5.1.3
		{[]string{"Invoices/2019"}, "INBOX.Invoices/2019", `Invoices\2f2019`},
		{[]string{"😀"}, "INBOX.&2D3eAA-", "&2D3eAA-"},
	} {
		m := Mailbox{Path: c.path}
		if got := m.IMAPName(); got != c.imap {
			t.Errorf("%q: got %q, want %q", c.path, got, c.imap)
		}
		if got := diskName(c.path); got != c.disk {
			t.Errorf("%q: got %q on disk, want %q", c.path, got, c.disk)
		}
	}
}
