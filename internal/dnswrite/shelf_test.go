// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/dnswrite/dnswritetest"
	"rehome/internal/protocol/dns"
)

// shelf is the zone behind the fake of a provider's interface: what the documentation says that the interface answers is in the
// handler of each provider.
type shelf struct {
	t    *testing.T
	zone string

	mu    sync.Mutex
	sets  map[dnswrite.Key]shelved
	last  int // number of the last record
	busy  int // requests that are asked to come back first
	calls int
}

// shelved is a set as a zone file has it.
type shelved struct {
	ttl    int
	values []string
	ids    []string // one for each
}

const (
	goodToken  = "the-token-that-may-write"
	wrongToken = "a-token-that-has-expired"
)

// put makes a set what it says.
func (s *shelf) put(set dnswrite.Set) {
	values, err := dns.RRset{Name: set.Name, Type: set.Type, TTL: time.Duration(set.TTL) * time.Second, Data: set.Values}.Presented()
	if err != nil {
		s.t.Error(err)
	}
	s.store(set.Key, set.TTL, values)
}

func (s *shelf) store(key dnswrite.Key, ttl int, values []string) {
	if len(values) == 0 {
		delete(s.sets, key)
		return
	}
	set := shelved{ttl: ttl, values: values}
	for range values {
		s.last++
		set.ids = append(set.ids, fmt.Sprintf("record-%d", s.last))
	}
	s.sets[key] = set
}

// clash names what cannot stand beside each other, which every provider refuses.
func (s *shelf) clash() string {
	for key := range s.sets {
		if key.Type != dns.CNAME {
			continue
		}
		for other := range s.sets {
			if other.Name == key.Name && other.Type != dns.CNAME {
				return "CNAME and " + string(other.Type) + " at " + key.Name
			}
		}
	}
	return ""
}

// attempt makes changes that are undone if they clash.
func (s *shelf) attempt(change func()) (refusal string) {
	before := map[dnswrite.Key]shelved{}
	for key, set := range s.sets {
		before[key] = set
	}
	change()
	if refusal = s.clash(); refusal != "" {
		s.sets = before
	}
	return refusal
}

// absolute is the name of a set from the form of an interface.
func (s *shelf) absolute(name string) string {
	if name == "" || name == "@" {
		return s.zone
	}
	return name + "." + s.zone
}

func (s *shelf) relative(name, apex string) string {
	if name == s.zone {
		return apex
	}
	return strings.TrimSuffix(name, "."+s.zone)
}

// serve starts a fake and runs the contract against it: with a token that it knows and one that it does not, at moments when it is
// busy, and through a stranger who uses another door.
func serve(t *testing.T, kind dnswrite.Kind, authorized func(r *http.Request, token string) bool, deny int, handle func(*shelf) http.Handler) {
	t.Helper()
	s := &shelf{t: t, zone: "example.org", sets: map[dnswrite.Key]shelved{}}
	handler := handle(s)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls++
		if s.calls%7 == 0 && s.busy == 0 {
			s.busy = 2
		}
		switch {
		case !authorized(r, goodToken):
			w.WriteHeader(deny)
			fmt.Fprintf(w, `{"message": "%s is not known"}`, r.Header.Get("Authorization"))
		case s.busy > 0:
			s.busy--
			w.Header().Set("Retry-After", "2")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	writer := func(token string) dnswrite.Writer {
		w, err := dnswrite.New(dnswrite.Options{Kind: kind, Zone: s.zone, URL: server.URL, Key: "the-key", Secret: rehome.NewSecret(token)})
		if err != nil {
			t.Fatal(err)
		}
		dnswrite.Hasten(w, func(time.Duration) {})
		return w
	}
	dnswritetest.Run(t, dnswritetest.Bench{Writer: writer(goodToken), Refused: writer(wrongToken), Secret: wrongToken,
		Stranger: func(_ *testing.T, set dnswrite.Set) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.put(set)
		}})
}

// bearer is how most take a token.
func bearer(r *http.Request, token string) bool {
	return r.Header.Get("Authorization") == "Bearer "+token
}

// keys are those of the shelf that fit, in order.
func (s *shelf) keys(fits func(dnswrite.Key) bool) []dnswrite.Key {
	var keys []dnswrite.Key
	for key := range s.sets {
		if fits(key) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b dnswrite.Key) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// readAgain reads the body of a request, and leaves it to be read once more.
func readAgain(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
