// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// STSPolicy is the file that says which hosts may take mail for a domain, and that they have to prove who they are (RFC 8461
// section 3.2).
type STSPolicy struct {
	Mode   string // "enforce", "testing" or "none"
	Hosts  []string
	MaxAge time.Duration // how long a sender may go by it without looking again
}

// Bounds of the policy file.
const (
	maxPolicy    = 64 << 10    // octets, section 3.3 suggests this limit
	policyWait   = time.Minute // likewise
	maxPolicyAge = 31557600    // seconds, section 3.2
	policyPath   = "/.well-known/mta-sts.txt"
	maxHosts     = 100
)

// ReadSTSRecord returns the id of the policy among the TXT records of _mta-sts (section 3.1). It is "" if there is none, or more
// than one, which is the same for senders.
func ReadSTSRecord(texts []string) (id string, err error) {
	text, err := single("MTA-STS", withTag(texts, "STSv1"))
	if err != nil || text == "" {
		return "", err
	}
	tags, _, err := readTags("MTA-STS", text)
	if err != nil {
		return "", err
	}
	id = tags["id"]
	if id == "" || len(id) > 32 || strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", wrong("MTA-STS", "has the id %q: it must be 1 to 32 letters and digits", excerpt(id))
	}
	return id, nil
}

// ReadSTSPolicy reads the file.
func ReadSTSPolicy(text string) (STSPolicy, error) {
	var p STSPolicy
	version, age := "", ""
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found {
			continue // unknown lines are none of ours
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "version":
			version = value
		case "mode":
			p.Mode = value
		case "max_age":
			age = value
		case "mx":
			if len(p.Hosts) == maxHosts {
				return STSPolicy{}, wrong("MTA-STS", "policy names more than %d hosts", maxHosts)
			}
			p.Hosts = append(p.Hosts, canonical(value))
		}
	}
	seconds, err := strconv.Atoi(age)
	switch {
	case version != "STSv1":
		return STSPolicy{}, wrong("MTA-STS", "policy has no line \"version: STSv1\"")
	case err != nil || seconds < 0 || seconds > maxPolicyAge:
		return STSPolicy{}, wrong("MTA-STS", "policy has the max_age %q: it must be 0 to %d seconds", excerpt(age), maxPolicyAge)
	case p.Mode != "enforce" && p.Mode != "testing" && p.Mode != "none":
		return STSPolicy{}, wrong("MTA-STS", "policy has the unknown mode %q", excerpt(p.Mode))
	case len(p.Hosts) == 0 && p.Mode != "none":
		return STSPolicy{}, wrong("MTA-STS", "policy names no host")
	}
	p.MaxAge = time.Duration(seconds) * time.Second
	return p, nil
}

// Allows reports whether the policy lets mail go to a host. A star stands for one label at the left (section 4.1).
func (p STSPolicy) Allows(host string) bool {
	host = canonical(host)
	for _, pattern := range p.Hosts {
		rest, wild := strings.CutPrefix(pattern, "*.")
		if pattern == host || wild && strings.Contains(host, ".") && parent(host) == rest {
			return true
		}
	}
	return false
}

// PolicyOptions of FetchSTSPolicy.
type PolicyOptions struct {
	TLS  *tls.Config // nil means the system's roots
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// FetchSTSPolicy reads the policy file of a domain over HTTPS. Redirects are not followed, as senders follow none (section 3.3).
func FetchSTSPolicy(ctx context.Context, domain string, options PolicyOptions) (STSPolicy, error) {
	ctx, cancel := context.WithTimeout(ctx, policyWait)
	defer cancel()
	transport := &http.Transport{TLSClientConfig: options.TLS, DialContext: options.Dial, DisableKeepAlives: true, MaxResponseHeaderBytes: maxPolicy}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://mta-sts."+domain+policyPath, nil)
	if err != nil {
		return STSPolicy{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return STSPolicy{}, err
	}
	defer response.Body.Close()
	switch kind, _, typeErr := mime.ParseMediaType(response.Header.Get("Content-Type")); {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return STSPolicy{}, wrong("MTA-STS", "policy is a redirect (%d), which senders do not follow", response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return STSPolicy{}, wrong("MTA-STS", "policy cannot be read: the server answers %d", response.StatusCode)
	case typeErr != nil || kind != "text/plain":
		return STSPolicy{}, wrong("MTA-STS", "policy is %q instead of text/plain", excerpt(response.Header.Get("Content-Type")))
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxPolicy+1))
	if err != nil {
		return STSPolicy{}, fmt.Errorf("read the policy: %w", err)
	}
	if len(text) > maxPolicy {
		return STSPolicy{}, errors.New("the policy has more than 64 KiB")
	}
	return ReadSTSPolicy(string(text))
}
