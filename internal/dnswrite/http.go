// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rehome"
)

// The bounds of one conversation with a provider.
const (
	httpTimeout = 30 * time.Second // for each request
	maxAnswer   = 8 << 20          // octets
	maxPages    = 100
	maxTries    = 4                // of a request that the provider asks to send later
	maxPause    = 90 * time.Second // that is waited for one; longer ones are told to the person
	maxSaid     = 300              // characters of a provider's words
)

// api speaks with the interface of a provider over HTTP. Credentials travel in headers, and to no other host.
type api struct {
	title  string // "Cloudflare"
	base   string // without a slash at the end
	secret rehome.Secret
	client *http.Client
	sign   func(r *http.Request, body []byte, now time.Time) // puts the credentials on a request
	now    func() time.Time
	wait   func(ctx context.Context, pause time.Duration) error
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func newAPI(title, base string, o Options, sign func(*http.Request, []byte, time.Time)) *api {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, ForceAttemptHTTP2: true, TLSHandshakeTimeout: httpTimeout}
	if o.TLS == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.URL != "" {
		base = o.URL
	}
	return &api{title: title, base: strings.TrimSuffix(base, "/"), secret: o.Secret, sign: sign, now: time.Now, wait: pause,
		client: &http.Client{Timeout: httpTimeout, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the credentials would go along
		}}}
}

// bearer puts a token where most want it.
func bearer(scheme string, o Options) func(*http.Request, []byte, time.Time) {
	return func(r *http.Request, _ []byte, _ time.Time) {
		r.Header.Set("Authorization", scheme+" "+o.Secret.Reveal())
	}
}

// statusError is an answer that is no success.
type statusError struct {
	title  string
	status int
	words  string        // of the provider
	after  time.Duration // 429: when to come back, 0 if it does not say
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%s answers %d %s", e.title, e.status, http.StatusText(e.status))
	if e.words != "" {
		text += fmt.Sprintf(", %q", e.words)
	}
	return text
}

// statusOf returns the status of an answer that was no success, 0 for other errors.
func statusOf(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 0
}

// call sends one request, in JSON, and reads the answer into out unless that is nil. The path begins with a slash and is escaped.
func (a *api) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := a.send(ctx, method, path, query, "application/json", body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s answers what is not understood: %w", a.title, err)
	}
	return nil
}

// send is call without a form. It comes back when the provider asks for it, which it does without having done anything.
func (a *api) send(ctx context.Context, method, path string, query url.Values, kind string, body []byte) ([]byte, error) {
	for try := 1; ; try++ {
		answer, err := a.once(ctx, method, path, query, kind, body)
		var status *statusError
		busy := errors.As(err, &status) && status.status == http.StatusTooManyRequests
		if !busy || try == maxTries || status.after > maxPause {
			return answer, err
		}
		if err := a.wait(ctx, max(status.after, time.Second)); err != nil {
			return nil, err
		}
	}
}

func (a *api) once(ctx context.Context, method, path string, query url.Values, kind string, body []byte) ([]byte, error) {
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", kind)
	if len(body) > 0 {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("User-Agent", "rehome")
	a.sign(request, body, a.now())
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("%s answers with more than %d octets", a.title, maxAnswer)
	case response.StatusCode >= 200 && response.StatusCode < 300:
		return answer, nil
	}
	return nil, &statusError{title: a.title, status: response.StatusCode, words: a.words(answer), after: retryAfter(response.Header, a.now())}
}

// retryAfter reads when to come back (RFC 9110 section 10.2.3).
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds < 1<<31 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// words are what a provider says about an error: the texts of its answer, without our credentials and of a bounded length.
func (a *api) words(answer []byte) string {
	var tree any
	text := strings.TrimSpace(string(answer))
	if json.Unmarshal(answer, &tree) == nil {
		text = strings.Join(textsOf("", tree, nil), "; ")
	}
	if secret := a.secret.Reveal(); secret != "" {
		text = strings.ReplaceAll(text, secret, a.secret.String())
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxSaid {
		text = string(runes[:maxSaid]) + "..."
	}
	return text
}

// textsOf collects the texts of an answer that are for people: providers call them message, error, detail, or name the field.
func textsOf(key string, tree any, found []string) []string {
	switch v := tree.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			found = textsOf(key, v[key], found)
		}
	case []any:
		for _, each := range v {
			found = textsOf(key, each, found)
		}
	case string:
		if key != "code" && key != "documentation_url" && key != "pointer" && len(found) < 8 {
			found = append(found, v)
		}
	}
	return found
}

// fault turns an error of a conversation into what a person can act on.
func (a *api) fault(op, object string, err error) error {
	var known *rehome.Fault
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	f := &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: object, Cause: err,
		Hint: "check the connection to " + a.base + "; whatever was done, it is safe to run this again"}
	var status *statusError
	if !errors.As(err, &status) {
		return f
	}
	switch {
	case status.status == http.StatusUnauthorized:
		f.Class, f.Hint = rehome.ClassAuth, "check the secret of this provider in dns.providers: it may have expired, or have been revoked"
	case status.status == http.StatusForbidden:
		f.Class, f.Hint = rehome.ClassOperator, "give the key or token the right to read and change the records of this zone, for this machine's address"
	case status.status == http.StatusNotFound:
		f.Class, f.Hint = rehome.ClassOperator, "check the zone in dns.providers, and that the key or token belongs to the account that has it"
	case status.status == http.StatusTooManyRequests:
		f.Class, f.Hint = rehome.ClassThrottled, "the provider's limit is used up; run this again later"
		if status.after > 0 {
			f.Hint = "the provider's limit is used up; run this again after " + status.after.Round(time.Second).String()
		}
	case status.status < http.StatusInternalServerError:
		f.Class = rehome.ClassPermanent
		f.Hint = "change this record by hand in the provider's form, and run this again: what already is as it should be is left alone"
	}
	return f
}
