// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"rehome/internal/content/message"
)

// normalForm is the rule of the package doc, written as plainly as possible.
func normalForm(raw []byte) []byte {
	out := bytes.TrimRight(raw, "\r")
	out = regexp.MustCompile(`\r*\n`).ReplaceAll(out, []byte("\r\n"))
	return bytes.ReplaceAll(out, []byte{0}, []byte{0x80})
}

func digestOf(chunks ...[]byte) *message.Digester {
	d := message.NewDigester()
	for _, chunk := range chunks {
		d.Write(chunk)
	}
	return d
}

func TestDigester_normalForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, raw, want string }{
		{"nothing", "", ""},
		{"already normal", "A: b\r\n\r\nbody\r\n", "A: b\r\n\r\nbody\r\n"},
		{"bare line feeds", "A: b\n\nbody\n", "A: b\r\n\r\nbody\r\n"},
		{"no last line end", "A: b\r\n\r\nbody", "A: b\r\n\r\nbody"},
		{"bare carriage return", "x\ry\r\n", "x\ry\r\n"},
		{"two before a line feed", "x\r\r\ny", "x\r\ny"},
		{"three before a line feed", "x\r\r\r\ny", "x\r\ny"},
		{"carriage return at the end", "x\r\n\r", "x\r\n"},
		{"only carriage returns", "\r\r\r", ""},
		{"NUL", "a\x00b\x00\n", "a\x80b\x80\r\n"},
		{"NUL between the two", "a\r\x00\n", "a\r\x80\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := digestOf([]byte(c.raw))
			if got, want := d.Sum(), message.Digest(sha256.Sum256([]byte(c.want))); got != want {
				t.Errorf("Sum(%q): got %s, want the hash of %q", c.raw, got, c.want)
			}
			if got, want := d.Size(), int64(len(c.want)); got != want {
				t.Errorf("Size(%q): got %d, want %d", c.raw, got, want)
			}
			if got, want := d.RawSize(), int64(len(c.raw)); got != want {
				t.Errorf("RawSize(%q): got %d, want %d", c.raw, got, want)
			}
		})
	}
}

func TestDigester_notes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	for _, c := range []struct {
		name, raw string
		want      message.Notes
	}{
		{"clean", "Subject: a\r\n\r\nbody\r\n", message.Notes{LongestLine: 10}},
		{"bare line feed", "A: b\n\r\n", message.Notes{BareLF: true, LongestLine: 4}},
		{"NUL in the body", "A: b\r\n\r\n\x00", message.Notes{NUL: true, LongestLine: 4}},
		{"NUL in the header", "A: \x00\r\n\r\n", message.Notes{NUL: true, EightBitHeader: true, LongestLine: 4}},
		{"8-bit in the header", "A: \xe9\r\n\r\n", message.Notes{EightBitHeader: true, LongestLine: 4}},
		{"8-bit in the body", "A: b\r\n\r\n\xe9", message.Notes{LongestLine: 4}},
		{"long line", "A: b\r\n\r\n" + long + "\r\n", message.Notes{LongestLine: 1000}},
		{"long last line", "A: b\r\n\r\n" + long, message.Notes{LongestLine: 1000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i := range len(c.raw) + 1 {
				raw := []byte(c.raw)
				if got := digestOf(raw[:i], raw[i:]).Notes(); got != c.want {
					t.Fatalf("cut at %d: got %+v, want %+v", i, got, c.want)
				}
			}
		})
	}
}

func TestDigester_resetForgets(t *testing.T) {
	t.Parallel()
	d := digestOf([]byte("A: \x00\nlong line\r\r"))
	d.Reset()
	d.Write([]byte("B: c\r\n"))
	want := digestOf([]byte("B: c\r\n"))
	if d.Sum() != want.Sum() || d.Size() != want.Size() || d.RawSize() != want.RawSize() || d.Notes() != want.Notes() {
		t.Errorf("after Reset: got %s %d %d %+v, want %s %d %d %+v",
			d.Sum(), d.Size(), d.RawSize(), d.Notes(), want.Sum(), want.Size(), want.RawSize(), want.Notes())
	}
}

func TestDigester_sumMayBeReadWhileWriting(t *testing.T) {
	t.Parallel()
	d := digestOf([]byte("A: b\r"))
	if got, want := d.Sum(), digestOf([]byte("A: b")).Sum(); got != want {
		t.Errorf("in between: got %s, want %s", got, want)
	}
	d.Write([]byte("\nC"))
	if got, want := d.Sum(), digestOf([]byte("A: b\r\nC")).Sum(); got != want {
		t.Errorf("at the end: got %s, want %s", got, want)
	}
}

func TestDigester_writeDoesNotAllocate(t *testing.T) {
	d := message.NewDigester()
	for name, chunk := range map[string][]byte{
		"normal": bytes.Repeat([]byte("line\r\n"), 1000), "odd": bytes.Repeat([]byte("\r\rx\r\r\n\x00\n"), 1000),
	} {
		if got := testing.AllocsPerRun(20, func() { d.Write(chunk) }); got != 0 {
			t.Errorf("%s: got %v allocations a write, want none", name, got)
		}
	}
}

func TestDigest_textForms(t *testing.T) {
	t.Parallel()
	d := digestOf().Sum()
	if got, want := d.String(), fmt.Sprintf("%x", sha256.Sum256(nil)); got != want {
		t.Errorf("String: got %s, want %s", got, want)
	}
	if got, want := d.Short(), d.String()[:12]; got != want {
		t.Errorf("Short: got %s, want %s", got, want)
	}
}

func FuzzDigester(f *testing.F) {
	for _, seed := range []string{"", "\r", "\r\r\n", "a\x00\r\nb\n\r", "A: b\r\n\r\nc", strings.Repeat("\r", 100) + "x"} {
		f.Add([]byte(seed), []byte{1, 0, 2})
	}
	f.Fuzz(func(t *testing.T, raw, cuts []byte) {
		whole, split := digestOf(raw), message.NewDigester()
		rest := raw
		for _, cut := range cuts {
			n := min(int(cut), len(rest))
			split.Write(rest[:n])
			rest = rest[n:]
		}
		split.Write(rest)
		normal := normalForm(raw)
		if got, want := whole.Sum(), message.Digest(sha256.Sum256(normal)); got != want {
			t.Errorf("got %s, want the hash of the normal form, %s", got, want)
		}
		if got, want := whole.Size(), int64(len(normal)); got != want {
			t.Errorf("size: got %d, want %d", got, want)
		}
		if split.Sum() != whole.Sum() || split.Size() != whole.Size() || split.RawSize() != whole.RawSize() || split.Notes() != whole.Notes() {
			t.Errorf("in chunks: got %s %d %+v, want %s %d %+v",
				split.Sum(), split.Size(), split.Notes(), whole.Sum(), whole.Size(), whole.Notes())
		}
		if again := digestOf(normal); again.Sum() != whole.Sum() {
			t.Errorf("the normal form of the normal form is another one: %q", normal)
		}
	})
}

func BenchmarkDigester(b *testing.B) {
	line := strings.Repeat("x", 74)
	for _, c := range []struct{ name, line string }{
		{"crlf", line + "\r\n"}, {"lf", line + "\n"}, {"nul", "\x00" + line + "\r\n"}, {"short_lines", "xxxxxxxx\r\n"},
	} {
		chunk := bytes.Repeat([]byte(c.line), 64<<10/len(c.line))
		b.Run(c.name, func(b *testing.B) {
			d := digestOf([]byte("Subject: body follows\r\n\r\n"))
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				d.Write(chunk)
			}
		})
	}
	b.Run("sha256_alone", func(b *testing.B) {
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		hash := sha256.New()
		b.SetBytes(int64(len(chunk)))
		for b.Loop() {
			hash.Write(chunk)
		}
	})
}
