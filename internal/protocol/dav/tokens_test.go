// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// told renders tokens: texts that come one behind the other are one, as nobody minds how they are cut.
type told struct {
	strings.Builder
	inText bool
}

func (o *told) text(data []byte) {
	if len(data) > 0 && !o.inText {
		o.WriteString("\ntext ")
		o.inText = true
	}
	o.Write(data)
}

func (o *told) tag(what string, name xml.Name, attrs []xml.Attr) {
	o.inText = false
	fmt.Fprintf(o, "\n%s %q %q %q", what, name.Space, name.Local, attrs)
}

// short reads a little at a time.
func short(in io.Reader) io.Reader { return bufio.NewReaderSize(in, 64) }

// tokensOf tells what is in a document, and what is wrong with it.
func tokensOf(in io.Reader, limit int64) (string, error) {
	var o told
	for t := newTokens(short(in), limit); ; {
		part, err := t.next()
		switch {
		case err != nil:
			return o.String(), ended(err)
		case part.kind == startToken:
			o.tag("start", part.name, part.attrs)
		case part.kind == endToken:
			o.tag("end", part.name, nil)
		default:
			o.text(part.text)
		}
	}
}

// referenceOf is the same by encoding/xml.
func referenceOf(document string, limit int64) (string, error) {
	decoder := xml.NewDecoder(newTolerantReader(short(strings.NewReader(document)), limit))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var o told
	for {
		part, err := decoder.Token()
		if err != nil {
			return o.String(), ended(err)
		}
		switch part := part.(type) {
		case xml.StartElement:
			o.tag("start", part.Name, part.Attr)
		case xml.EndElement:
			o.tag("end", part.Name, nil)
		case xml.CharData:
			o.text(part)
		}
	}
}

// ended is nil at the end of a whole document.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// documents are whole, and broken in whatever way.
func documents() []string {
	const one = `<d:a xmlns:d="DAV:" x="1">`
	return []string{
		`<?xml version="1.0" encoding="utf-8"?><d:a xmlns:d="DAV:" xmlns="urn:x"><b d:c='1' e="2&amp;3"/><d:f xmlns:d="other">t</d:f><d:g/></d:a>`,
		one + "a &lt;&gt;&amp;&apos;&quot; &#65;&#x42; ]] ]>] x</d:a>", one + "<![CDATA[x ]] > & <b>]]]]>y</d:a>", one + "<!-- - -x --></d:a>",
		`<a><b xmlns=""><c xml:lang="de"/></b><u:v u:w=""/></a>`, "<a b\r\n=\n'1\r\n2\r3\n4'\t/>", `<xmlns/><a xmlns:xmlns="x"/>`, "text", "", "<a/>t<b/>",
		`<a :b="1" c:="2"/>`, `<:a/>`, `<a:/>`, "<a x='\"' y=\"'\" z='>'/>",
		one, one + "t", "</a>", "<a></b>", "<a:x></b:x>", "<a", "<a b", "<a b=", "<a b='", "<a b=c/>", "<a b/>", "<a b='<'/>", "<a/b>", "< a/>",
		"<1/>", "<a:b:c/>", "<a b:c:d=''/>", "<a></a", "<a></a b>", "</", "<a>]]></a>", "<a>&b;</a>", "<a>&lt</a>", "<a>& </a>", "<a>&#;</a>",
		"<a>&#x;</a>", "<a>&#xg;</a>", "<a>&#-1;</a>", "<a>&#99999999999;</a>", "<a>&#xD800;</a>", "<a>&#0000000000001;</a>", "<a>&#A",
		"<a>&#0000000000065;</a>", "<a><!-- -- --></a>", "<a><!- x --></a>", "<a><![CDAT[x]]></a>", "<a><!-- x", "<a><![CDATA[x", "<?xml",
		"<a><?b c?></a>", "<!DOCTYPE a>", "<a b='&c;'/>", "<a b='&#65;&gt;'/>", "<a ='1'/>", "<a -b='1'/>", "<-a/>", "<a\xff/>", "\v",
	}
}

// What is read is what encoding/xml reads, and what that refuses is refused.
func TestTokens_asTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, document := range documents() {
		sameTokens(t, document)
	}
}

func FuzzTokens(f *testing.F) {
	for _, document := range documents() {
		f.Add(document)
	}
	f.Fuzz(sameTokens)
}

// sameTokens holds both against each other. encoding/xml is stricter about two things that no answer is worse for: characters beyond
// ASCII in names, and what an instruction says.
func sameTokens(t *testing.T, document string) {
	t.Helper()
	const limit = 1 << 10
	want, wantErr := referenceOf(document, limit)
	got, gotErr := tokensOf(strings.NewReader(document), limit)
	pieces, piecesErr := tokensOf(iotest.OneByteReader(strings.NewReader(document)), limit)
	if pieces != got || (piecesErr == nil) != (gotErr == nil) {
		t.Errorf("%q: in pieces %s, %v; at once %s, %v", document, pieces, piecesErr, got, gotErr)
	}
	through, _ := io.ReadAll(newTolerantReader(short(strings.NewReader(document)), limit)) // how it ends both have told
	beyond := bytes.ContainsFunc(through, func(char rune) bool { return char >= utf8.RuneSelf }) || strings.Contains(document, "<?")
	if wantErr != nil && beyond {
		return
	}
	if (wantErr == nil) != (gotErr == nil) || wantErr == nil && got != want {
		t.Errorf("%q:%s\n%v, want%s\n%v", document, got, gotErr, want, wantErr)
		return
	}
	illegal := gotErr != nil && strings.Contains(gotErr.Error(), "illegal character")
	if illegal || errors.Is(gotErr, errTooLarge) || errors.Is(gotErr, errDoctype) { // of two things that are wrong either is told
		return
	}
	var ours, theirs *xml.SyntaxError
	if errors.As(wantErr, &theirs) && !errors.As(gotErr, &ours) ||
		ours != nil && strings.HasPrefix(theirs.Msg, "unexpected EOF") != (ours.Msg == "unexpected EOF") {
		t.Errorf("%q: %v, want %v", document, gotErr, wantErr)
	}
}
