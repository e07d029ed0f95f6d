// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"
)

func TestTabescape_isUndone(t *testing.T) {
	t.Parallel()
	property := func(octets []byte) bool {
		escaped := tabescape(string(octets))
		return tabunescape(escaped) == string(octets) && !strings.ContainsAny(escaped, "\x00\t\r\n")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
	for escaped, want := range map[string]string{"a\x01": "a\x01", "\x01x": "x", "\x011t": "\x01t"} {
		if got := tabunescape(escaped); got != want {
			t.Errorf("%q: got %q, want %q", escaped, got, want)
		}
	}
}

func TestEncode_absentValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		record outgoing
		want   string
	}{
		{newOutgoing('R').set("guid", "g"), "Rg\n"},
		{newOutgoing('R').set("uid", "7"), "R\x02\t7\n"},
		{newOutgoing('R').set("guid", "\x02").set("uid", ""), "R\x02\x02\t\n"},
		{newOutgoing('R').set("guid", "a\tb\x01"), "Ra\x01tb\x011\n"},
		{newOutgoing('F'), "F\n"},
	} {
		got, err := encode(test.record)
		if err != nil || got != test.want {
			t.Errorf("%v: got %q, %v, want %q", test.record, got, err, test.want)
		}
	}
	if _, err := encode(newOutgoing('R').set("nonsense", "")); err == nil {
		t.Error("a field that was never announced was taken")
	}
}

// What one side of this package writes the other reads, whatever is in it.
func TestRecord_goesThrough(t *testing.T) {
	t.Parallel()
	announced := headers{}
	for _, letter := range []byte(letters) {
		announced[letter] = itemOf(letter).fields
	}
	property := func(guid, uidl, order string, without bool) bool {
		r := newOutgoing('M').set("guid", guid).set("pop3_order", order)
		want := map[string]string{"guid": guid, "pop3_order": order}
		if !without {
			r.set("pop3_uidl", uidl)
			want["pop3_uidl"] = uidl
		}
		line, err := encode(r)
		if err != nil || strings.Count(line, "\n") != 1 {
			return false
		}
		got, err := announced.decode(strings.TrimSuffix(line, "\n"))
		return err == nil && got.letter == 'M' && maps.Equal(got.values, want)
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestDotter_doublesDotsThatBeginALine(t *testing.T) {
	t.Parallel()
	property := func(lines []uint8) bool {
		var text strings.Builder
		for _, l := range lines {
			text.WriteString([]string{".", "\r\n", "\n", "..x", "x."}[l%5])
		}
		want := strings.ReplaceAll("\n"+text.String(), "\n.", "\n..")[1:]
		for _, pieces := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			var out bytes.Buffer
			whole := dotter{out: &out, last: '\n'}
			_, err := io.CopyBuffer(&whole, pieces(onlyReader{strings.NewReader(text.String())}), make([]byte, 7))
			if err != nil || out.String() != want {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestNode_goesThrough(t *testing.T) {
	t.Parallel()
	announced := headers{'N': nodeItem().fields}
	property := func(first, second string, validity, next uint32) bool {
		n := Node{Name: []string{first, second}, Exists: true, GUID: guidOf(9), UIDValidity: validity, UIDNext: next}
		line, err := encode(n.record())
		if err != nil {
			return false
		}
		r, err := announced.decode(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return false
		}
		got, err := nodeOf(r)
		return err == nil && got.Name[0] == first && got.Name[1] == second && got.GUID == n.GUID && got.UIDValidity == validity && got.UIDNext == next
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("VERSION\tdsync\t3\t5\nHhostname\nNname\texistence\n.\nHvm\nNINBOX\ty\n.\n"))
	f.Add([]byte("VERSION\tdsync\t3\t6\nFerror\tmail_error\trequire_full_resync\n.\nF\x02\t1\nX\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		in := bufio.NewReader(bytes.NewReader(input))
		if readVersion(in) != nil {
			return
		}
		known := headers{}
		for {
			line, err := readLine(in)
			if err != nil || line == "." {
				break
			}
			if known.add(line) != nil {
				return
			}
		}
		for {
			line, err := readLine(in)
			if err != nil {
				return
			}
			r, err := known.decode(line)
			if err != nil {
				if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
					t.Errorf("control characters in %q", err)
				}
				return
			}
			_, _ = nodeOf(r) // no answer may break a reader
			_, _ = boxOf(r)
			_, _ = stateOf(r)
			_, _ = requestOf(r)
			_ = finishOf(r)
		}
	})
}
