// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// trace decodes input to its end and returns what it means, one line for each event: a response, a
// body, a message, and the error that ended it (a clean end is none).
func trace(input io.Reader) []string {
	var lines []string
	sink := &fetchSink{handler: FetchHandler{
		Literal: func(l *Literal) error {
			body, err := io.ReadAll(l)
			lines = append(lines, fmt.Sprintf("body uid=%d size=%d %q", l.UID, l.Size, body))
			return err
		},
		Message: func(m *Message) error {
			lines = append(lines, renderMessage(m))
			return nil
		},
	}}
	d := newDecoder(input)
	for {
		resp, err := d.response(func(UID, FetchItems) *fetchSink { return sink })
		switch {
		case err == nil && resp.name != "FETCH":
			lines = append(lines, renderResponse(resp))
		case err == nil:
		case errors.Is(err, io.EOF):
			return lines
		default:
			return append(lines, "error: "+err.Error())
		}
	}
}

func renderMessage(m *Message) string {
	text := fmt.Sprintf("message uid=%d flags=%q", m.UID, m.Flags)
	if !m.InternalDate.IsZero() {
		text += " date=" + m.InternalDate.UTC().Format(time.RFC3339)
	}
	if m.Size != 0 {
		text += fmt.Sprintf(" size=%d", m.Size)
	}
	if m.ModSeq != 0 {
		text += fmt.Sprintf(" modseq=%d", m.ModSeq)
	}
	return text
}

// renderResponse shows atoms bare, strings quoted and NIL as -.
func renderResponse(r *response) string {
	if r.continuation {
		return "+ " + r.text
	}
	words := []string{r.tag}
	if r.tag == "" {
		words[0] = "*"
	}
	if r.number != 0 {
		words = append(words, strconv.FormatUint(r.number, 10))
	}
	words = append(words, r.name)
	if r.code != "" {
		words = append(words, "["+r.code+"|"+r.codeArgs+"]")
	}
	if r.text != "" {
		words = append(words, r.text)
	}
	for _, f := range r.fields {
		words = append(words, renderValue(f))
	}
	if !r.uids.Empty() {
		words = append(words, r.uids.String())
	}
	return strings.Join(words, " ")
}

func renderValue(v value) string {
	switch v.kind {
	case kindString:
		return strconv.Quote(v.str)
	case kindNil:
		return "-"
	case kindList:
		var items []string
		for _, item := range v.list {
			items = append(items, renderValue(item))
		}
		return "(" + strings.Join(items, " ") + ")"
	}
	return v.str
}

func TestDecoder_oddAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, input string
		want        []string
	}{
		// Untagged responses.
		{"unknown response", "* XFOO bar (1 2) {3}\r\na\r\n \"q\"\r\n* OK on\r\n", []string{`* XFOO bar (1 2) "a\r\n" "q"`, "* OK on"}},
		{"unknown response with a number", "* 7 XFOO\r\n", []string{"* 7 XFOO"}},
		{"VANISHED", "* VANISHED (EARLIER) 300:310,405\r\n", []string{"* VANISHED (EARLIER) 300:310,405"}},
		{"LSUB", "* LSUB () \".\" a\r\n", []string{`* LSUB () "." a`}},
		{"lower case", "* ok done\r\n* 3 exists\r\n", []string{"* OK done", "* 3 EXISTS"}},
		{"number beyond 32 bits", "* 4294967296 EXISTS\r\n", []string{"* 4294967296 EXISTS"}},
		{"number beyond 64 bits", "* 99999999999999999999 EXISTS\r\n", []string{"* 18446744073709551615 EXISTS"}},
		{"no name", "*\r\n* \r\n* OK\r\n", []string{"* ", "* ", "* OK"}},
		{"empty lines", "\r\n\n* OK one\r\n\r\n* OK two\r\n", []string{"* OK one", "* OK two"}},
		{"stray blanks", "  * OK one\r\n*   2   EXISTS  \r\n* LIST  ( \\A  )  \"/\"  b \r\n", []string{"* OK one", "* 2 EXISTS", `* LIST (\A) "/" b`}},
		{"a tagged answer behind a blank", " r1 OK done\r\n", []string{"r1 OK done"}},
		{"LF only", "* LIST () NIL a\n* 1 EXISTS\nr1 OK done\n", []string{"* LIST () - a", "* 1 EXISTS", "r1 OK done"}},
		{"literal behind LF", "* LIST () NIL {1}\na\n", []string{`* LIST () - "a"`}},
		{"continuation", "+\r\n+ \r\n+ ready for it\r\n", []string{"+ ", "+ ", "+ ready for it"}},
		{"long challenge", "+ " + strings.Repeat("QUJD", 300) + "\r\n", []string{"+ " + strings.Repeat("QUJD", 300)}},

		// Strings.
		{"quoted with escapes", `* LIST () "\\" "a\"b\\c"` + "\r\n", []string{`* LIST () "\\" "a\"b\\c"`}},
		{"quote never closed", "* LIST () \"/\" \"abc\r\n* OK next\r\n", []string{`* LIST () "/" "abc"`, "* OK next"}},
		{"escape at the line end", "* LIST () \"/\" \"abc\\\r\n* OK next\r\n", []string{`* LIST () "/" "abc"`, "* OK next"}},
		{"literal as name", "* LIST () \"/\" {7}\r\na (b) \r\r\n", []string{`* LIST () "/" "a (b) \r"`}},
		{"non-synchronising literal from a server", "* LIST () \"/\" {1+}\r\na\r\n", []string{`* LIST () "/" "a"`}},
		{"literal8", "* LIST () \"/\" ~{3}\r\na\x00b\r\n", []string{`* LIST () "/" "a\x00b"`}},
		{"empty literal", "* LIST () \"/\" {0}\r\n\r\n", []string{`* LIST () "/" ""`}},
		{"braces that are no literal", "* X {} {a} {5 ~x {5}x {99999999999999999999}\r\n", []string{"* X {} {a} {5 ~x {5}x {99999999999999999999}"}},
		{"NIL in any case", "* LIST () nil Nil\r\n", []string{"* LIST () - -"}},
		{"illegal UTF-7", "* LIST () \"/\" \"a&b\"\r\n", []string{`* LIST () "/" "a&b"`}},
		{"eight bits and NUL", "* LIST () \"/\" a\xff\x00\r\n", []string{"* LIST () \"/\" a\xff\x00"}},

		// Lists.
		{"list never closed", "* LIST (\\A \"/\" b\r\n* OK next\r\n", []string{`* LIST (\A "/" b)`, "* OK next"}},
		{"inner list never closed", "* X (a (b c\r\n* OK next\r\n", []string{"* X (a (b c))", "* OK next"}},
		{"closed twice", "* LIST (\\A)) \"/\" b)\r\n* OK next\r\n", []string{`* LIST (\A) "/" b`, "* OK next"}},
		{"no blanks", "* X (a)(b)c(d)\r\n", []string{"* X (a) (b) c (d)"}},
		{"bracket in a name", "* LIST () / [Gmail\r\n* LIST () / a]b[c\r\n", []string{"* LIST () / [Gmail", "* LIST () / a]b[c"}},

		// Status responses.
		{"code", "* OK [UIDNEXT 5] next\r\n", []string{"* OK [UIDNEXT|5] next"}},
		{"code without end", "* NO [ALERT look here\r\nr1 OK\r\n", []string{"* NO [ALERT look here", "r1 OK"}},
		{"code in lower case, without text", "r1 no [overquota]\r\n", []string{"r1 NO [OVERQUOTA|]"}},
		{"bracket in a list of a code", "* OK [PERMANENTFLAGS (\\Seen a]b \\*)] ok\r\n", []string{`* OK [PERMANENTFLAGS|(\Seen a]b \*)] ok`}},
		{"bracket in quotes of a code", "* OK [X \"a]b\"] ok\r\n", []string{`* OK [X|"a]b"] ok`}},
		{"list in a code without end", "* OK [PERMANENTFLAGS (\\Seen] ok\r\n", []string{`* OK [PERMANENTFLAGS|(\Seen] ok`}},
		{"text that looks like a literal", "* OK see {5}\r\n* OK next\r\n", []string{"* OK see {5}", "* OK next"}},
		{"control characters", "r1 NO [A\x1bB] \x1b[31mred\x7f\u009b\xff\r\n", []string{"r1 NO [A B|]  [31mred  ?"}},
		{"tagged nonsense", "r1 FOO bar\r\n", []string{`error: cannot make sense of the server's answer: it begins with "r1 FOO"`}},
		{"not IMAP", "+OK POP3 ready\r\n", []string{`error: cannot make sense of the server's answer: it begins with "+OK POP3"`}},

		// SEARCH.
		{"SEARCH", "* SEARCH 2 3 9 4\r\n", []string{"* SEARCH 2:4,9"}},
		{"SEARCH in falling order", "* SEARCH 9 4 3 2 3\r\n", []string{"* SEARCH 2:4,9"}},
		{"SEARCH empty", "* SEARCH\r\n* SEARCH \r\n", []string{"* SEARCH", "* SEARCH"}},
		{"SEARCH with MODSEQ", "* SEARCH 2 (MODSEQ 917162500)\r\n", []string{"* SEARCH 2"}},
		{"SEARCH with nonsense", "* SEARCH 0 4294967296 1) x \"5\" 6(\r\n* OK\r\n", []string{"* SEARCH 1,5:6", "* OK"}},
		{"ESEARCH", "* ESEARCH (TAG \"r1\") UID ALL 1:5,7\r\n", []string{`* ESEARCH (TAG "r1") UID ALL 1:5,7`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkTrace(t, test.input, test.want)
		})
	}
}

// checkTrace decodes input as a whole and octet by octet.
func checkTrace(t *testing.T, input string, want []string) {
	t.Helper()
	if got := trace(strings.NewReader(input)); !slices.Equal(got, want) {
		t.Errorf("%q\ngot  %q\nwant %q", input, got, want)
	}
	if got := trace(iotest.OneByteReader(strings.NewReader(input))); !slices.Equal(got, want) {
		t.Errorf("%q, octet by octet\ngot  %q\nwant %q", input, got, want)
	}
}

func TestDecoder_fetch(t *testing.T) {
	t.Parallel()
	const next = "* OK next\r\n"
	plain := func(uid int) string { return fmt.Sprintf("message uid=%d flags=[]", uid) }
	for _, test := range []struct {
		name, input string
		want        []string
	}{
		{
			"everything", "* 1 FETCH (UID 7 FLAGS (\\Seen \\Recent $Junk) INTERNALDATE \" 1-Feb-2003 04:05:06 +0100\" RFC822.SIZE 3 " +
				"MODSEQ (9) BODY[] {3}\r\nabc)\r\n",
			[]string{`body uid=7 size=3 "abc"`, `message uid=7 flags=["\\Seen" "$Junk"] date=2003-02-01T03:05:06Z size=3 modseq=9`},
		},
		{"body before the UID", "* 1 FETCH (BODY[] {3}\r\nabc UID 7)\r\n", []string{`body uid=7 size=3 "abc"`, plain(7)}},
		{"no UID", "* 1 FETCH (FLAGS (\\Seen))\r\n" + next, []string{"* OK next"}},
		{"UID 0", "* 1 FETCH (UID 0)\r\n" + next, []string{"* OK next"}},
		{"UID beyond 32 bits", "* 1 FETCH (UID 4294967296)\r\n" + next, []string{"* OK next"}},
		{"sequence number beyond 32 bits", "* 4294967296 FETCH (UID 1 BODY[] {1}\r\na)\r\n", []string{`body uid=1 size=1 "a"`, plain(1)}},
		{"size beyond 32 bits", "* 1 FETCH (UID 1 RFC822.SIZE 4294967296)\r\n", []string{plain(1) + " size=4294967296"}},
		{"size beyond 64 bits", "* 1 FETCH (UID 1 RFC822.SIZE 99999999999999999999)\r\n", []string{plain(1)}},
		{"body as quoted string", `* 1 FETCH (UID 7 BODY[] "a\"b")` + "\r\n", []string{`body uid=7 size=3 "a\"b"`, plain(7)}},
		{"body NIL", "* 1 FETCH (UID 7 BODY[] NIL)\r\n", []string{plain(7)}},
		{"body missing", "* 1 FETCH (UID 7 BODY[])\r\n" + next, []string{plain(7), "* OK next"}},
		{"body missing at the line end", "* 1 FETCH (UID 7 BODY[]\r\n" + next, []string{"* OK next"}},
		{"body is a list", "* 1 FETCH (UID 7 BODY[] (a b))\r\n", []string{plain(7)}},
		{"body is an atom", "* 1 FETCH (UID 7 BODY[] abc)\r\n", []string{plain(7)}},
		{"body empty", "* 1 FETCH (UID 7 BODY[] {0}\r\n)\r\n", []string{`body uid=7 size=0 ""`, plain(7)}},
		{"body as literal8", "* 1 FETCH (UID 7 BINARY[] ~{2}\r\n\x00b)\r\n", []string{`body uid=7 size=2 "\x00b"`, plain(7)}},
		{"old item names", "* 1 FETCH (UID 7 RFC822.HEADER {1}\r\nh RFC822 {1}\r\nb)\r\n", []string{`body uid=7 size=1 "h"`,
			`body uid=7 size=1 "b"`, plain(7)}},
		{"two bodies", "* 1 FETCH (UID 7 BODY[HEADER] {1}\r\nh BODY[] {1}\r\nb)\r\n", []string{`body uid=7 size=1 "h"`, `body uid=7 size=1 "b"`, plain(7)}},
		{"section with blanks", "* 1 FETCH (UID 7 BODY[HEADER.FIELDS (DATE \"FROM\")] {1}\r\nh)\r\n", []string{`body uid=7 size=1 "h"`, plain(7)}},
		{"section never closed", "* 1 FETCH (UID 7 BODY[HEADER.FIELDS (DATE) {1}\r\nh)\r\n",
			[]string{`error: cannot make sense of the server's answer: it begins with "h) "`}},
		{"structure is no body", "* 1 FETCH (UID 7 BODY ((\"text\" \"plain\") \"mixed\") BODYSTRUCTURE (x))\r\n", []string{plain(7)}},
		{
			"unknown items", "* 1 FETCH (X-GM-MSGID 12 X-GM-LABELS (\\Inbox {1}\r\na \"b c\") EMAILID (M1) THREADID NIL UID 7 SAVEDATE \"x\")\r\n",
			[]string{plain(7)},
		},
		{"unknown item with a literal", "* 1 FETCH (XBODY {3}\r\na)b UID 7)\r\n", []string{plain(7)}},
		{"INTERNALDATE NIL", "* 1 FETCH (UID 7 INTERNALDATE NIL FLAGS NIL)\r\n", []string{plain(7)}},
		{"INTERNALDATE nonsense", "* 1 FETCH (UID 7 INTERNALDATE \"32-Foo-2000 25:00:00\")\r\n", []string{plain(7)}},
		{"INTERNALDATE with one digit", "* 1 FETCH (UID 7 INTERNALDATE \"1-feb-2003 04:05:06 +0000\")\r\n",
			[]string{plain(7) + " date=2003-02-01T04:05:06Z"}},
		{
			"odd keywords", "* 1 FETCH (FLAGS (a{5} {x} [b c[d ]e NIL f:g \\X \"q r\") UID 7 BODY[] {1}\r\nz)\r\n",
			[]string{`body uid=7 size=1 "z"`, `message uid=7 flags=["a{5}" "{x}" "[b" "c[d" "]e" "NIL" "f:g" "\\X" "q r"]`},
		},
		{"item in lower case", "* 1 fetch (uid 7 body[] {1}\r\nz)\r\n", []string{`body uid=7 size=1 "z"`, plain(7)}},
		{"no blanks between items", "* 1 FETCH (UID 7 FLAGS (a)BODY[] {1}\r\nz)\r\n", []string{`body uid=7 size=1 "z"`, `message uid=7 flags=["a"]`}},
		{"blanks everywhere", "*  1  FETCH  (  UID  7  BODY[]  {1}\r\nz  )  \r\n", []string{`body uid=7 size=1 "z"`, plain(7)}},
		{"list never closed", "* 1 FETCH (UID 7 BODY[] {1}\r\nz\r\n" + next, []string{`body uid=7 size=1 "z"`, "* OK next"}},
		{"flags never closed", "* 1 FETCH (UID 7 FLAGS (\\Seen\r\n" + next, []string{"* OK next"}},
		{"rubbish behind the list", "* 1 FETCH (UID 7)) x {2}\r\n)( (y\r\n" + next, []string{plain(7), "* OK next"}},
		{"no list", "* 1 FETCH\r\n* 1 FETCH x\r\n" + next, []string{"* OK next"}},
		{"no number", "* FETCH (UID 7)\r\n", []string{plain(7)}},
		{"no item name", "* 1 FETCH ((a) 1 {2}\r\n() 2 \"b c\" 3 UID 7)\r\n", []string{plain(7)}},
		{"item without value", "* 1 FETCH (UID 7 FLAGS)\r\n", []string{plain(7)}},
		{"empty list", "* 1 FETCH ()\r\n" + next, []string{"* OK next"}},
		{"LF only", "* 1 FETCH (UID 7 BODY[] {3}\na\nb)\n", []string{`body uid=7 size=3 "a\nb"`, plain(7)}},
		{
			"body that looks like answers", "* 1 FETCH (UID 7 BODY[] {37}\r\n)\r\nr1 OK done\r\n* 2 FETCH (UID 9)\r\n* X)\r\n",
			[]string{`body uid=7 size=37 ")\r\nr1 OK done\r\n* 2 FETCH (UID 9)\r\n* X"`, plain(7)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkTrace(t, test.input, test.want)
		})
	}
}

func TestDecoder_cut(t *testing.T) {
	t.Parallel()
	const input = "* LIST (\\A \"b\") {2}\r\ncd e\r\n* 1 FETCH (FLAGS (a) UID 7 BODY[] {6}\r\nabcdef RFC822.SIZE 6)\r\nr1 OK [X y] done\r\n"
	whole := trace(strings.NewReader(input))
	for cut := range len(input) {
		got := trace(strings.NewReader(input[:cut]))
		if n := len(got); n > 0 && strings.HasPrefix(got[n-1], "error: ") {
			got = got[:n-1]
			if n > 1 && strings.HasPrefix(got[n-2], "body ") {
				got = got[:n-2] // a body that arrives may be cut, see the next test
			}
		}
		if len(got) > len(whole) || !slices.Equal(got, whole[:len(got)]) {
			t.Errorf("cut behind %q: got %q", input[:cut], got)
		}
	}
}

func TestDecoder_cutInsideABodyIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "a", "abcde"} {
		var bodyErr error
		var messages int
		sink := &fetchSink{handler: FetchHandler{
			Literal: func(l *Literal) error { _, bodyErr = io.ReadAll(l); return bodyErr },
			Message: func(*Message) error { messages++; return nil },
		}}
		d := newDecoder(strings.NewReader("* 1 FETCH (UID 7 BODY[] {6}\r\n" + body))
		_, err := d.response(func(UID, FetchItems) *fetchSink { return sink })
		if !errors.Is(bodyErr, io.ErrUnexpectedEOF) || !errors.Is(err, io.ErrUnexpectedEOF) || messages != 0 {
			t.Errorf("cut behind %d octets: body error %v, response error %v, %d messages", len(body), bodyErr, err, messages)
		}
		if sink.err != nil {
			t.Errorf("cut behind %d octets: the callback is blamed: %v", len(body), sink.err)
		}
	}
}

func TestCost_ofHostileAnswers(t *testing.T) {
	t.Parallel()
	many := func(s string, octets int) string { return strings.Repeat(s, octets/len(s)+1) }
	for _, test := range []struct{ name, input, want string }{
		{"endless tag", many("x", maxLine), "it is too long"},
		{"endless line", "* OK " + many("x", 2*maxLine), "it is too long"},
		{"endless atom", "* LIST () / " + many("x", maxOctets), "it is too long"},
		{"endless quoted string", "* LIST () / \"" + many("x", maxOctets), "it is too long"},
		{"endless atoms", "* LIST () / " + many("x ", 4*maxValues), "it is too long"},
		{"many long atoms", "* LIST () / " + many(strings.Repeat("x", maxOctets/8)+" ", 2*maxOctets), "it is too long"},
		{"endless lists", "* LIST () / " + many("()", 4*maxValues), "it is too long"},
		{"deep list", "* LIST " + many("(", 100), "nested too deeply"},
		{"deep list in FETCH", "* 1 FETCH (X " + many("(", 100), "nested too deeply"},
		{"huge literal", "* LIST () / {99999999}\r\n", "a literal of 99999999 octets where a name was expected"},
		{"many large literals", "* LIST " + many("{4194304}\r\n"+strings.Repeat("x", 4<<20), 17<<20), "it is too long"},
		{"huge literal in FETCH", "* 1 FETCH (X-HUGE {99999999}\r\n", "a literal of 99999999 octets where a name was expected"},
		{"endless item name", "* 1 FETCH (" + many("x", maxOctets), "it is too long"},
		{"SEARCH with too many gaps", "* SEARCH" + strings.Repeat(" 1 3", maxRuns/2+1), "it is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := trace(strings.NewReader(test.input))
			if len(got) != 1 || !strings.HasPrefix(got[0], "error: ") || !strings.HasSuffix(got[0], test.want) {
				t.Errorf("got %.200q, want an error ending in %q", got, test.want)
			}
		})
	}
}

// What is skipped is not kept: many items of one FETCH response are no reason to give up.
func TestDecoder_skipsManyItems(t *testing.T) {
	t.Parallel()
	input := "* 1 FETCH (" + strings.Repeat("X-LONG {1000000}\r\n"+strings.Repeat("x", 1_000_000)+" ", 40) + "UID 7)\r\n"
	if got, want := trace(strings.NewReader(input)), []string{"message uid=7 flags=[]"}; !slices.Equal(got, want) {
		t.Errorf("got %.200q, want %q", got, want)
	}
}
