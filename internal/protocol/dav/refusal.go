// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxRefusal = 64 << 10 // octets of an error page that are read
	maxWords   = 400      // octets of it that are shown
)

// refusal makes the error out of an answer that was not wanted.
func (c *Client) refusal(a *answer) error {
	e := &StatusError{Method: a.method, URL: a.url, Status: a.status, RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now())}
	body, _ := io.ReadAll(io.LimitReader(a.body, maxRefusal)) // half an explanation is better than none
	if a.status/100 == 2 {
		if a.isLoginPage() {
			return a.formatError("the answer is a web page, perhaps a login form, not WebDAV", c.words(plainText(string(body))))
		}
		return a.formatError("the answer "+strconv.Itoa(a.status)+" makes no sense here", c.words(string(body)))
	}
	if root := parseWhole(body, a.header.Get("Content-Type")); root != nil {
		e.explain(root)
	} else {
		e.Text = plainText(string(body))
	}
	e.Text = c.words(e.Text)
	e.Href = c.pointed(a, e.Href)
	return e
}

// pointed is the href of a condition in the form that callers get.
func (c *Client) pointed(a *answer, href string) string {
	u, err := resolve(a.target, href)
	if href == "" || err != nil {
		return href
	}
	return c.hrefOf(u)
}

// words makes a server's text fit to be shown.
func (c *Client) words(text string) string { return bounded(c.login.hide(text)) }

// parseWhole reads a short document, nil if it is not XML.
func parseWhole(body []byte, contentType string) *element {
	if !strings.HasPrefix(strings.TrimLeft(string(body), "\uFEFF \t\r\n"), "<") {
		return nil
	}
	in, _, err := asUTF8(bytes.NewReader(body), contentType, int64(len(body)))
	if err != nil {
		return nil
	}
	decoder := newDecoder(in, maxRefusal)
	start, err := nextStart(decoder)
	if err != nil {
		return nil
	}
	budget := int64(2 * maxRefusal)
	root, err := readElement(decoder, start, &budget, 0)
	if err != nil || strings.EqualFold(start.Name.Local, "html") {
		return nil
	}
	return root
}

// explain reads DAV:error (RFC 4918 section 16), or the first refusal of a multistatus.
func (e *StatusError) explain(root *element) {
	if root.name == davName("multistatus") {
		for _, c := range root.children {
			r := newResponse(c)
			if e.Text == "" {
				e.Text = r.text
			}
			if r.conditions != nil {
				root = r.conditions
				break
			}
		}
	}
	e.addConditions(root)
	if e.Text == "" && len(e.Conditions) == 0 {
		e.Text = root.trimmed()
	}
}

func (e *StatusError) addConditions(root *element) {
	if root == nil || root.name != davName("error") {
		return
	}
	for _, c := range root.children {
		switch {
		case c.name.Space == nsSabre:
			if c.name.Local == "message" {
				e.Text = c.trimmed()
			}
		case c.name.Local == "responsedescription" || c.name.Local == "human-readable" || c.name.Local == "description":
			e.Text = c.trimmed()
		default:
			e.Conditions = append(e.Conditions, bounded(c.name.Local))
			if hrefs := c.hrefs(); len(hrefs) > 0 && e.Href == "" {
				e.Href = hrefs[0]
			}
		}
	}
}

// The parts of a web page: what it is called, what is for machines only, and what stands between the words.
var (
	pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	unspoken  = regexp.MustCompile(`(?is)<(script|style)\b.*?</(script|style)>`)
	pageTag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// plainText takes the words out of a web page; other text stays.
func plainText(body string) string {
	if !strings.Contains(body, "<") {
		return body
	}
	if title := pageTitle.FindStringSubmatch(body); title != nil && strings.TrimSpace(title[1]) != "" {
		return title[1]
	}
	body = unspoken.ReplaceAllString(body, " ")
	return pageTag.ReplaceAllString(body, " ")
}

// bounded makes a server's words fit on a line: no control characters, white space squeezed, valid
// UTF-8, not longer than maxWords.
func bounded(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), 8*maxWords)], "?"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxWords {
		return text
	}
	cut := maxWords
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// maxRetryAfter keeps a nonsensical answer from stopping a move for good.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads both forms of RFC 9110 section 10.2.3, 0 if it cannot.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// inner makes the error of a resource or property that was refused inside a multistatus.
func (c *Client) inner(a *answer, r *response, status int) *StatusError {
	e := &StatusError{Method: a.method, URL: a.url, Status: status, Text: c.words(r.text)}
	if r.conditions != nil {
		e.addConditions(&element{name: davName("error"), children: r.conditions.children})
		e.Text = c.words(e.Text)
		e.Href = c.pointed(a, e.Href)
	}
	return e
}
