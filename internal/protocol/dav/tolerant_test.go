// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// textOf reads a document's character data by way of the reader.
func textOf(t *testing.T, document string) (string, error) {
	t.Helper()
	decoder := xml.NewDecoder(newTolerantReader(strings.NewReader(document), 1<<20))
	var text strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text.String(), nil
		}
		if err != nil {
			return text.String(), err
		}
		if data, ok := token.(xml.CharData); ok {
			text.Write(data)
		}
	}
}

func TestTolerantReader_keepsWhatXMLCannot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, given, want string }{
		{"plain", "<a>x &amp; ü €</a>", "x & ü €"},
		{"carriage returns", "<a>one\r\ntwo\rthree\n</a>", "one\r\ntwo\rthree\n"},
		{"carriage return by reference", "<a>one&#13;\ntwo&#xD;</a>", "one\r\ntwo\r"},
		{"carriage return in CDATA", "<a><![CDATA[one\r\n<two>]]></a>", "one\r\n<two>"},
		{"brackets in CDATA", "<a><![CDATA[]]]]><![CDATA[>x]]></a>", "]]>x"},
		{"Latin-1", "<a>M\xfcller</a>", "M" + replacement + "ller"},
		{"control characters", "<a>x\x00\x01\x1fy\x7f</a>", "x" + replacement + replacement + replacement + "y\x7f"},
		{"control characters by reference", "<a>x&#0;&#x1F;y</a>", "x" + replacement + replacement + "y"},
		{"surrogate by reference", "<a>&#xD800;</a>", replacement},
		{"not a character", "<a>\uFFFE</a>", replacement},
		{"before the declaration", "\uFEFF\r\n <?xml version=\"1.0\"?><a>x</a>", "x"},
		{"line ends between attributes", "<a\r\n b='1'\r\n c=\"&#1;>\">x</a>", "x"},
		{"comment and instruction", "<a><!-- \x01 - -> <b> --><?php echo '>' ?>x</a>", "x"},
	} {
		got, err := textOf(t, c.given)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestTolerantReader_refuses(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 1<<20+1)
	for _, c := range []struct {
		name, given string
		want        error
	}{
		{"declared entities", `<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>`, errDoctype},
		{"web page", `<!doctype html><html></html>`, errDoctype},
		{"endless text", "<a>" + huge, errTooLarge},
		{"endless CDATA", "<a><![CDATA[" + huge, errTooLarge},
		{"endless tag", "<a b='" + huge[:maxMarkup], errTooLarge},
		{"endless comment", "<a><!-- " + huge, errTooLarge},
		{"endless white space first", strings.Repeat(" ", 1<<20+1) + "<a/>", errTooLarge},
	} {
		if _, err := textOf(t, c.given); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := textOf(t, "<a>&nbsp;&unknown;</a>"); err == nil {
		t.Error("an entity that nobody has declared is taken")
	}
}

// asAnswer makes an answer of a document.
func asAnswer(document, contentType string) *answer {
	return &answer{method: "PROPFIND", url: "http://example.test/", status: http.StatusMultiStatus,
		header: http.Header{"Content-Type": {contentType}}, body: io.NopCloser(strings.NewReader(document))}
}

func TestMultistatus_characterSets(t *testing.T) {
	t.Parallel()
	body := "<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/a</D:href><D:propstat><D:prop><D:displayname>M\xfcller</D:displayname></D:prop>" +
		"<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
	for _, c := range []struct{ name, document, contentType, want string }{
		{"declared", `<?xml version="1.0" encoding="ISO-8859-1"?>` + body, "text/xml; charset=utf-8", "Müller"},
		{"by content type", body, `application/xml; charset="windows-1252"; x=y`, "Müller"},
		{"falsely declared", `<?xml version="1.0" encoding="utf-8"?>` + body, "", "M" + replacement + "ller"},
		{"not declared", body, "application/xml", "M" + replacement + "ller"},
	} {
		m, err := newMultistatus(asAnswer(c.document, c.contentType), 1<<20)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		r, err := m.next()
		if err != nil || r.value(davName("displayname")) != c.want || m.recoded != (c.want == "Müller") {
			t.Errorf("%s: got %+v, %v, recoded %v, want %q", c.name, r, err, m.recoded, c.want)
		}
	}
	if _, err := newMultistatus(asAnswer(`<?xml version="1.0" encoding="klingon"?>`+body, ""), 1<<20); err == nil {
		t.Error("an unknown character set is taken")
	}
}

func TestMultistatus_namespacesAndDamage(t *testing.T) {
	t.Parallel()
	var format *FormatError
	var large *TooLargeError
	properly := func(err error) bool { return err == nil }
	const etag = `<x:response><x:href>/a</x:href><x:propstat><x:prop><x:getetag>"1"</x:getetag></x:prop><x:status>HTTP/1.1 200 OK</x:status></x:propstat></x:response>`
	for _, c := range []struct {
		name, document string
		count          int
		end            func(error) bool
	}{
		{"foreign prefix", `<x:multistatus xmlns:x="DAV:">` + etag + etag + `</x:multistatus>`, 2, properly},
		{"default namespace", `<multistatus xmlns="DAV:">` + strings.ReplaceAll(etag, "x:", "") + `</multistatus>`, 1, properly},
		{"unknown elements between", `<x:multistatus xmlns:x="DAV:"><y/><x:z>t</x:z>` + etag + `</x:multistatus>`, 1, properly},
		{"cut short", `<x:multistatus xmlns:x="DAV:">` + etag + etag[:90], 1, func(err error) bool { return troubleOf(err) == Broken }},
		{"cut between", `<x:multistatus xmlns:x="DAV:">` + etag, 1, func(err error) bool { return troubleOf(err) == Broken }},
		{"broken", `<x:multistatus xmlns:x="DAV:">` + etag + `<x:response></y>`, 1, func(err error) bool { return errors.As(err, &format) }},
		{"PHP warning inside", `<x:multistatus xmlns:x="DAV:">` + etag + "<br />\n<b>Warning</b>: &nbsp; x", 1,
			func(err error) bool { return errors.As(err, &format) }},
		{"too deep", `<x:multistatus xmlns:x="DAV:">` + strings.Repeat("<x:a>", maxDepth+5), 0, func(err error) bool { return errors.As(err, &large) }},
		{"too much in one response", `<x:multistatus xmlns:x="DAV:"><x:response>` + strings.Repeat("<x:a>yyyyyyyyyy</x:a>", 40000), 0,
			func(err error) bool { return errors.As(err, &large) }},
	} {
		m, err := newMultistatus(asAnswer(c.document, ""), 1<<10)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		count := 0
		err = m.each(func(r *response) error {
			if r.href() == "/a" && r.value(davName("getetag")) == `"1"` {
				count++
			}
			return nil
		})
		if count != c.count || !c.end(err) {
			t.Errorf("%s: %d responses and %v, want %d", c.name, count, err, c.count)
		}
	}
}

// What is long does not have to be in memory.
func TestMultistatus_isStreamed(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	const responses = 20000
	go func() {
		_, _ = out.Write([]byte(`<d:multistatus xmlns:d="DAV:">`))
		for range responses {
			if _, err := out.Write([]byte(listedAs("/cal/x.ics", "&quot;1&quot;"))); err != nil {
				return
			}
		}
		_, _ = out.Write([]byte(`<d:sync-token>t</d:sync-token></d:multistatus>`))
		_ = out.Close()
	}()
	a := asAnswer("", "")
	a.body = in
	m, err := newMultistatus(a, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	if err := m.each(func(*response) error { count++; return nil }); err != nil || count != responses || m.syncToken != "t" {
		t.Errorf("%d responses, token %q, %v", count, m.syncToken, err)
	}
}

func FuzzMultistatus(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">` + listedAs("/a", "1") + `</d:multistatus>`))
	f.Add([]byte("<d:multistatus xmlns:d=\"DAV:\"><d:response><![CDATA[\r]]>&#0;\xff&amp;</d:response>"))
	f.Add([]byte("\xFE\xFF\x00<\x00?"))
	f.Add([]byte(`<?xml version="1.0" encoding="iso-8859-1"?><!-- x --><?y z?><multistatus xmlns='DAV:'/>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		a := asAnswer("", "text/xml")
		a.body = io.NopCloser(bytes.NewReader(document))
		m, err := newMultistatus(a, 1<<12)
		if err != nil {
			return
		}
		_ = m.each(func(r *response) error {
			_ = Key(r.href())
			_ = r.failure()
			_ = newCollection(r, Calendars)
			return nil
		})
		if root := parseWhole(document, ""); root != nil {
			(&StatusError{}).explain(root)
		}
	})
}

// Whatever has no special character comes through as it is, and everything that comes out is text
// that encoding/xml accepts.
func FuzzTolerantReader(f *testing.F) {
	f.Add("x\r\ny ü")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		var escaped strings.Builder
		_ = xml.EscapeText(&escaped, []byte(text))
		got, err := textOf(t, "<a>"+escaped.String()+"</a>")
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := string([]rune(text)); !strings.Contains(want, replacement) && !strings.Contains(got, replacement) && got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// How a document comes in makes no difference: of single octets next to nothing is there to be taken in a run.
func FuzzTolerantReader_inPieces(f *testing.F) {
	f.Add("<a b='x > y' c=\"&#1;\">one\r\ntwo &amp; ü \xff<![CDATA[x]]y\r]]><!-- - - -> <?z ?? ?></a>")
	f.Add("\uFEFF \n<?xml version='1.0'?><a>\x7f</a>")
	f.Fuzz(func(t *testing.T, document string) {
		const limit = 64
		atOnce, errAtOnce := io.ReadAll(newTolerantReader(strings.NewReader(document), limit))
		pieces := newTolerantReader(iotest.OneByteReader(strings.NewReader(document)), limit)
		var got []byte
		for {
			c, err := pieces.ReadByte()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errAtOnce) || errors.Is(err, io.EOF) && errAtOnce != nil {
					t.Errorf("in pieces it ends with %v, at once with %v", err, errAtOnce)
				}
				break
			}
			got = append(got, c)
		}
		if string(got) != string(atOnce) {
			t.Errorf("in pieces %q, at once %q", got, atOnce)
		}
	})
}
