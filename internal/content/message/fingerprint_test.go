// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"strings"
	"testing"

	"rehome/internal/content/message"
)

const letter = "Return-Path: <a@example.org>\r\n" +
	"Message-ID: <1@example.org>\r\n" +
	"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n" +
	"From: Anna Schr\xf6der <a@example.org>\r\n" +
	"To: b@example.org,\r\n\tc@example.org\r\n" +
	"Cc:\r\n" +
	"Subject: a  long\r\n story\r\n" +
	"\r\n"

func TestFingerprintOf_sameMessage(t *testing.T) {
	t.Parallel()
	want, weak := message.FingerprintOf([]byte(letter))
	if weak {
		t.Error("a header with Message-ID and Date is called weak")
	}
	for _, c := range []struct{ name, header string }{
		{"line feeds", strings.ReplaceAll(letter, "\r\n", "\n")},
		{"one more carriage return", strings.ReplaceAll(letter, "\r\n", "\r\r\n")},
		{"no empty line", strings.TrimSuffix(letter, "\r\n")},
		{"with a body", letter + "Subject: other\r\n"},
		{"folded elsewhere", strings.ReplaceAll(letter, "c@example.org", "c@example.org\r\n ")},
		{"unfolded", strings.NewReplacer(",\r\n\t", ", ", "\r\n story", " story").Replace(letter)},
		{"field names in other case", strings.ReplaceAll(letter, "Message-ID", "message-Id")},
		{"blank before the colon", strings.ReplaceAll(letter, "Subject:", "Subject :")},
		{"transport fields", "From a@example.org\r\nReceived: by x;\r\n y\r\nStatus: RO\r\nX-UIDL: 7\r\n" + letter},
		{"other order", "Subject: a long story\r\n" + letter},
		{"empty field dropped", strings.ReplaceAll(letter, "Cc:\r\n", "")},
		{"other charset", strings.ReplaceAll(letter, "\xf6", "ö")},
		{"NUL became 0x80", strings.ReplaceAll(letter, "\xf6", "\x00")},
		{"second Message-ID", strings.TrimSuffix(letter, "\r\n") + "Message-ID: <2@example.org>\r\n\r\n"},
		{"garbage line", "garbage\r\n" + letter},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := message.FingerprintOf([]byte(c.header)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestFingerprintOf_otherMessage(t *testing.T) {
	t.Parallel()
	seen := map[message.Fingerprint]string{}
	for _, header := range []string{
		letter,
		strings.ReplaceAll(letter, "<1@", "<2@"),
		strings.ReplaceAll(letter, "00:00:00", "00:00:01"),
		strings.ReplaceAll(letter, "Anna", "Anja"),
		strings.ReplaceAll(letter, "b@example.org", "d@example.org"),
		strings.ReplaceAll(letter, "Cc:", "Cc: d@example.org"),
		strings.ReplaceAll(letter, "story", "history"),
		"Subject: x\r\n", "Cc: x\r\n", "To: x\r\n", "",
	} {
		fp, _ := message.FingerprintOf([]byte(header))
		if other, found := seen[fp]; found {
			t.Errorf("%q and %q have the same fingerprint %s", header, other, fp)
		}
		seen[fp] = header
	}
}

// The fields alone, as FETCH BODY[HEADER.FIELDS (...)] returns them, must do for matching.
func TestFingerprintOf_fieldsAlone(t *testing.T) {
	t.Parallel()
	wanted := map[string]bool{}
	for field := range strings.FieldsSeq(message.FingerprintFields) {
		wanted[field] = true
	}
	var fields strings.Builder
	for _, field := range strings.SplitAfter(strings.ReplaceAll(strings.ReplaceAll(letter, "\r\n\t", " "), "\r\n ", " "), "\r\n") {
		name, _, _ := strings.Cut(field, ":")
		if wanted[name] {
			fields.WriteString(field)
		}
	}
	got, _ := message.FingerprintOf([]byte(fields.String() + "\r\n"))
	if want, _ := message.FingerprintOf([]byte(letter)); got != want {
		t.Errorf("of %q: got %s, want %s", fields.String(), got, want)
	}
}

func TestFingerprintOf_weak(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"":                       true,
		"Subject: draft\r\n\r\n": true,
		"Message-ID:\r\nDate: \r\nSubject: x\r\n":    true,
		"Message-Id: <17@imapsync>\r\nSubject: x\n":  true,
		"Message-ID: <17@example.org>\r\n":           false,
		"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n\n": false,
	} {
		if _, got := message.FingerprintOf([]byte(header)); got != want {
			t.Errorf("weak of %q: got %v, want %v", header, got, want)
		}
	}
}

// imapsync --addheader makes up a Message-ID at the destination; the source has none.
func TestFingerprintOf_madeUpMessageID(t *testing.T) {
	t.Parallel()
	plain := "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: x\r\n\r\n"
	got, _ := message.FingerprintOf([]byte("Message-Id: <17@imapsync>\r\n" + plain))
	if want, _ := message.FingerprintOf([]byte(plain)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMessageID_forReports(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Subject: x\r\n\r\nMessage-ID: <body@example.org>\r\n":       "",
		"MESSAGE-ID:\r\n <1@example.org>\r\nMessage-ID: <2@x>\r\n":   "<1@example.org>",
		"Message-ID: <1@example.org> (added by relay.example.org)\n": "<1@example.org>",
		"Message-ID: 1@example.org trailing\n":                       "1@example.org",
		"Message-ID: <a b\x1b[31m\xe9>\n":                            "<a?b?[31m?>",
		"Message-ID: <" + strings.Repeat("x", 1000) + ">\n":          "<" + strings.Repeat("x", 249),
		"Message-ID:\n": "",
	} {
		if got := message.MessageID([]byte(header)); got != want {
			t.Errorf("MessageID(%q): got %q, want %q", header, got, want)
		}
	}
}

func FuzzFingerprint(f *testing.F) {
	f.Add([]byte(letter))
	f.Add([]byte(":\n:\r\n \r\nDate\x00: \xff\xff \xff"))
	f.Fuzz(func(t *testing.T, header []byte) {
		fp, weak := message.FingerprintOf(header)
		stored := append([]byte("X-Stored: yes\r\n"), normalForm(header)...)
		if got, gotWeak := message.FingerprintOf(stored); len(header) > 0 && header[0] > ' ' && (got != fp || gotWeak != weak) {
			t.Errorf("%q: got %s (%v) as stored, want %s (%v)", header, got, gotWeak, fp, weak)
		}
		id := message.MessageID(header)
		if len(id) > 250 || bytes.ContainsFunc([]byte(id), func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			t.Errorf("not fit for a report: %q", id)
		}
	})
}

func BenchmarkFingerprintOf(b *testing.B) {
	header := []byte(strings.Repeat("Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n", 40) + letter)
	b.SetBytes(int64(len(header)))
	b.ReportAllocs()
	for b.Loop() {
		message.FingerprintOf(header)
	}
}
