// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/content/message"
)

func kinOf(text []byte, chunk int) message.Digest {
	d := message.NewKinDigester()
	for len(text) > 0 {
		n := min(chunk, len(text))
		_, _ = d.Write(text[:n])
		text = text[n:]
	}
	return d.Sum()
}

// What Courier and Cyrus make of a message is its kin, and so is its normal form.
func TestKinDigester_whatServersStore(t *testing.T) {
	t.Parallel()
	const sent = "Subject: Gr\xfc\xdfe\r\n\r\nb\xfcdy \r bare\nand \x00\r"
	want := kinOf([]byte(sent), 1000)
	for name, stored := range map[string]string{
		"Dovecot": "Subject: Gr\xfc\xdfe\r\n\r\nb\xfcdy \r bare\r\nand \x80",
		"Courier": "Subject: Gr\xfc\xdfe\r\n\r\nb\xfcdy  bare\r\nand \x80\r\n",
		"Cyrus":   "Subject: GrXXe\r\n\r\nb\xfcdy \r bare\r\nand \x80\r\n",
	} {
		if kinOf([]byte(stored), 1000) != want {
			t.Errorf("what %s stores is not recognised", name)
		}
	}
	for name, other := range map[string]string{
		"another body":     strings.Replace(sent, "bare", "bore", 1),
		"one line more":    sent + "\n\n",
		"eight bits in it": strings.Replace(sent, "b\xfcdy", "bXdy", 1),
	} {
		if kinOf([]byte(other), 1000) == want {
			t.Errorf("%s: taken for the same message", name)
		}
	}
}

func TestKinDigester_chunksDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.SampledFrom([]byte("ab\r\n\x00\xe4:X"))).Draw(t, "text")
		chunk := rapid.IntRange(1, 7).Draw(t, "chunk")
		if kinOf(text, chunk) != kinOf(text, len(text)+1) {
			t.Errorf("%q in chunks of %d has another digest", text, chunk)
		}
		if stored := normalForm(text); kinOf(stored, 1000) != kinOf(text, 1000) {
			t.Errorf("%q has another digest in its normal form %q", text, stored)
		}
	})
}

func TestOriginOf(t *testing.T) {
	t.Parallel()
	want, known := message.OriginOf([]byte(letter))
	if !known {
		t.Fatal("a header with Message-ID and Date has no origin")
	}
	for name, rewritten := range map[string]string{
		"other addresses": strings.ReplaceAll(letter, "Anna Schr\xf6der <a@", "\"A. S.\" <a@"),
		"other subject":   strings.ReplaceAll(letter, "story", "XXXX"),
		"folded":          strings.ReplaceAll(letter, "Message-ID: ", "Message-ID:\r\n "),
	} {
		if got, _ := message.OriginOf([]byte(rewritten)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for name, other := range map[string]string{
		"another Message-ID": strings.ReplaceAll(letter, "<1@", "<2@"), "another Date": strings.ReplaceAll(letter, "00:00:00", "00:00:01"),
	} {
		if got, known := message.OriginOf([]byte(other)); got == want || !known {
			t.Errorf("%s: got %s, want another one", name, got)
		}
	}
	for _, header := range []string{"", "Subject: x\r\n\r\n", "Message-ID: <\xe4@example.org>\r\n\r\n", "Message-Id: <17@imapsync>\r\n\r\n"} {
		if got, known := message.OriginOf([]byte(header)); known {
			t.Errorf("%q has the origin %s, want none", header, got)
		}
	}
}

func FuzzKinDigester(f *testing.F) {
	f.Add([]byte(letter + "body\r"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := kinOf(text, 3), kinOf(text, len(text)+1); got != want {
			t.Errorf("%q: %s in chunks, %s at once", text, got, want)
		}
		origin, known := message.OriginOf(text)
		if again, _ := message.OriginOf(append(bytes.Clone(text), "\r\n\r\nbody"...)); known && bytes.Contains(text, []byte("\n\n")) && again != origin {
			t.Errorf("%q: the body has changed the origin", text)
		}
	})
}
