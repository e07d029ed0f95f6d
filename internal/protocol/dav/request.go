// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is one to be sent, and sent again after a challenge or a redirect with the same method
// and body: net/http would turn a redirected PROPFIND into a GET.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	write  bool // carries Options.WriteHeaders, and is never repeated by net/http of its own accord
}

// answer is what came, whatever its status. The caller closes it.
type answer struct {
	method string
	target *url.URL // where it came from, after redirects
	url    string   // the same, to be shown
	status int
	header http.Header
	length int64 // -1 if unknown
	body   io.ReadCloser
}

func (a *answer) close() { _ = a.body.Close() } // everything needed has been read

const (
	maxRedirects = 8
	maxLogins    = 4 // a nonce may run out between two of them
)

// send follows redirects.
func (c *Client) send(ctx context.Context, r request) (*answer, error) {
	for range maxRedirects {
		a, err := c.sendLoggedIn(ctx, r)
		if err != nil {
			return nil, err
		}
		location := a.header.Get("Location")
		if !isRedirect(a.status) || location == "" {
			return a, nil
		}
		a.close()
		target, err := resolve(r.url, location)
		if err != nil {
			return nil, &RedirectError{Method: r.method, URL: display(r.url), Target: bounded(location), Why: "that is no URL"}
		}
		if !c.trusts(target) {
			return nil, &RedirectError{Method: r.method, URL: display(r.url), Target: display(target), Why: c.whyNot(target)}
		}
		r.url = target
	}
	return nil, &RedirectError{Method: r.method, URL: display(r.url), Target: display(r.url), Why: "it does not end"}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// sendLoggedIn answers challenges.
func (c *Client) sendLoggedIn(ctx context.Context, r request) (*answer, error) {
	if !c.trusts(r.url) {
		return nil, &RedirectError{Method: r.method, URL: display(c.base), Target: display(r.url), Why: c.whyNot(r.url)}
	}
	for try := 1; ; try++ {
		sent := c.login.prove(r.url, r.method, r.body)
		a, err := c.exchange(ctx, r, sent)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusUnauthorized {
			c.login.accept(r.url, sent, a.header)
			return a, nil
		}
		again, err := c.login.challenged(r.url, sent, a.header)
		if err == nil && (!again || try == maxLogins) {
			return a, nil
		}
		a.close()
		if err != nil {
			return nil, err
		}
	}
}

// exchange sends one request and waits for the head of the answer.
func (c *Client) exchange(ctx context.Context, r request, sent proof) (*answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	phase, began := &phase{}, time.Now()
	watched, dog := watch(phase.trace(ctx), c.options.Timeout)
	fail := func(err error) error { return connectionError(ctx, watched, r, phase, err) }
	out, err := c.newRequest(watched, r, sent, dog)
	if err != nil {
		dog.end()
		return nil, err
	}
	in, err := c.transport.RoundTrip(out) //nolint:bodyclose // the answer closes it
	dog.answer()
	if err != nil {
		err = fail(err)
		dog.end()
		return nil, err
	}
	return &answer{
		method: r.method, target: r.url, url: display(r.url), status: in.StatusCode, header: in.Header, length: in.ContentLength,
		body: &watchedBody{body: in.Body, dog: dog, fail: fail, ended: c.teller(r, in.StatusCode, began)},
	}, nil
}

// teller returns what tells whoever watches that an answer of so many octets was read.
func (c *Client) teller(r request, status int, began time.Time) func(octets int64) {
	return func(octets int64) {
		if c.options.Answered != nil {
			c.options.Answered(Exchange{Method: r.method, Status: status, Took: time.Since(began), Sent: int64(len(r.body)), Received: octets})
		}
	}
}

// newRequest makes the request for net/http.
func (c *Client) newRequest(ctx context.Context, r request, sent proof, dog *watchdog) (*http.Request, error) {
	out, err := http.NewRequestWithContext(ctx, r.method, "", nil)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, display(r.url), err)
	}
	out.URL = r.url
	out.Host = r.url.Host
	out.Header = r.header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if r.write {
		maps.Copy(out.Header, c.options.WriteHeaders)
	} else {
		// An empty key lets net/http repeat a request on a kept connection that the server closes at
		// that moment; it is not sent.
		out.Header["Idempotency-Key"] = []string{}
	}
	if c.options.UserAgent != "" {
		out.Header.Set("User-Agent", c.options.UserAgent)
	}
	if sent.header != "" {
		out.Header.Set("Authorization", sent.header)
	}
	if len(r.body) == 0 {
		return out, nil
	}
	// With its length: several servers cannot read chunks.
	out.ContentLength = int64(len(r.body))
	out.GetBody = func() (io.ReadCloser, error) { return &watchedUpload{data: bytes.NewReader(r.body), dog: dog}, nil }
	out.Body, err = out.GetBody()
	return out, err
}

// do sends a request and returns the answer if its status is one of those wanted; otherwise what
// the server says is the error.
func (c *Client) do(ctx context.Context, r request, wanted ...int) (*answer, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if slices.Contains(wanted, a.status) && !a.isLoginPage() {
		return a, nil
	}
	defer a.close()
	return nil, c.refusal(a)
}

// isLoginPage reports whether something before the server, a portal or a gateway, has answered in
// its place with a web page: as success, so that a PUT seems to be stored.
func (a *answer) isLoginPage() bool {
	return a.status == http.StatusOK && a.method != http.MethodOptions && strings.Contains(a.header.Get("Content-Type"), "html")
}

// target makes the URL of an href that a caller gives.
func (c *Client) target(href string) (*url.URL, error) {
	u, err := resolve(c.base, href)
	if err != nil {
		return nil, fmt.Errorf("href %.200q: %w", href, err)
	}
	return u, nil
}
