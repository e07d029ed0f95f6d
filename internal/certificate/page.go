// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"crypto/ed25519"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"html/template"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"rehome/internal/verify"
)

// A page shows a certificate to people and holds it as well. The page as a whole is signed too, so that what is shown can no
// more be altered than what is held: the last line is the signature over all before it.
const (
	kindPage      = "page of a certificate 1"
	heldBegin     = `<script type="text/plain" id="certificate">`
	heldEnd       = "</script>"
	signatureOpen = "<!-- signature: "
	signatureEnd  = " -->\n"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var styleText string

// page is what the template shows; one of the two is set.
type page struct {
	Certificate *Certificate
	Summary     *Summary
	Key         string
	Held        template.HTML // Base64 of the signed file
	Style       template.CSS  // our own file, no input
}

// Page returns the page of a signed file: one self-contained HTML file.
func Page(key Key, file []byte) ([]byte, error) {
	e, public, err := open(file)
	if err != nil {
		return nil, err
	}
	held := template.HTML(base64.StdEncoding.EncodeToString(file)) //nolint:gosec // Base64 is no markup
	p := page{Key: PublicKey(public).String(), Held: held, Style: template.CSS(styleText)}
	if e.Kind == KindSummary {
		p.Summary = new(Summary)
		err = e.decode(KindSummary, p.Summary)
	} else {
		p.Certificate = new(Certificate)
		err = e.decode(KindAccount, p.Certificate)
	}
	if err != nil {
		return nil, err
	}
	parsed, err := template.New("page").Funcs(shown).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	if err := parsed.Execute(&html, p); err != nil {
		return nil, err
	}
	signature := ed25519.Sign(key.private, signedOctets(kindPage, html.Bytes()))
	html.WriteString(signatureOpen + hex.EncodeToString(signature) + signatureEnd)
	return html.Bytes(), nil
}

// shown are the template's words.
var shown = template.FuncMap{
	"octets": func(n int64) string {
		if n < 0 {
			return "size not known"
		}
		return humanize.IBytes(uint64(n))
	},
	"number": func(n int64) string { return humanize.Comma(n) },
	"int64":  func(n int) int64 { return int64(n) },
	"count":  countOf,
	"time":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"proof":  proofOf,
	"scriptState": func(s Script) string {
		switch {
		case s.State == verify.RuleWaiting:
			return "replies or forwards; off until the switch"
		case s.State != verify.RuleEqual:
			return "differs, and was accepted"
		case s.Active:
			return "active"
		}
		return "off at both ends"
	},
	"objects": func(c *Certificate) int64 { return int64(c.objects()) },
}

// countOf is a number with its noun; the plural is given where it is more than another ending.
func countOf(n int64, singular string, plural ...string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), singular, strings.Join(plural, ""))
}

// proofOf says how thoroughly the ends were compared.
func proofOf(level verify.Level) string {
	switch level {
	case verify.LevelFull:
		return "Every octet of every message was read at both ends and compared, and so was every contact and event."
	case verify.LevelMetadata:
		return "Flags, date and size of every message were compared at both ends, and so was every contact and event. What the messages say was not read."
	}
	return "Messages, contacts and events were counted at both ends. What they say was not read."
}

func isPage(content []byte) bool { return bytes.HasPrefix(content, []byte("<!DOCTYPE html>")) }

// openPage checks a page and returns the signed file that it holds.
func openPage(content []byte) ([]byte, error) {
	at := bytes.LastIndex(content, []byte(signatureOpen))
	if at < 0 || !bytes.HasSuffix(content, []byte(signatureEnd)) {
		return nil, errForm
	}
	written := content[at+len(signatureOpen) : len(content)-len(signatureEnd)]
	signature, err := hex.DecodeString(string(written))
	if err != nil || hex.EncodeToString(signature) != string(written) {
		return nil, errForm
	}
	_, behind, found := bytes.Cut(content[:at], []byte(heldBegin))
	held, _, ends := bytes.Cut(behind, []byte(heldEnd))
	if !found || !ends {
		return nil, errForm
	}
	file, err := base64.StdEncoding.Strict().DecodeString(string(held))
	if err != nil {
		return nil, errForm
	}
	_, public, err := open(file)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(public, signedOctets(kindPage, content[:at]), signature) {
		return nil, errors.New("shows what is not signed: the page was altered")
	}
	return file, nil
}
