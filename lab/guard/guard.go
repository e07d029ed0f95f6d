// SPDX-License-Identifier: Apache-2.0

// Package guard watches the log-ins at a Dovecot of a lab as fail2ban does, by Dovecot's own policy interface: it counts
// failures by address and by account over a window, whatever the protocol, and refuses everybody from an address that has too
// many.
//
// Start it, give Settings to the Dovecot, and ask Locked at the end: a test of something that must lock nobody out fails if there
// is any.
package guard

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"rehome/lab"
)

// The defaults of fail2ban in Debian.
const (
	MaxRetry = 5
	FindTime = 10 * time.Minute
)

// Guard counts. Its methods may be called from several goroutines.
type Guard struct {
	address string

	mu       sync.Mutex
	failures map[string][]time.Time // by "address 192.0.2.1" and "account anna@example.test"
	attempts map[string]int         // by account
	locked   []string
}

// Start runs one in the lab. The lab's Close stops it.
func Start(l *lab.Lab) (*Guard, error) {
	address, err := l.Addr()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	g := &Guard{address: address, failures: map[string][]time.Time{}, attempts: map[string]int{}}
	server := &http.Server{Handler: http.HandlerFunc(g.answer), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return g, l.OnClose(server.Close)
}

// Settings are lines for dovecot.conf. The penalty for failures, which the lab takes away, is there as well.
func (g *Guard) Settings() string {
	return fmt.Sprintf(`auth_policy_server_url = http://%s/
auth_policy_hash_nonce = nonce-of-the-lab
auth_policy_check_before_auth = yes
auth_policy_check_after_auth = yes
auth_policy_report_after_auth = yes
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0600
  }
}
`, g.address)
}

// Locked returns what the guard has shut out; nothing as it should be.
func (g *Guard) Locked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.locked
}

// Failures returns how many log-ins have failed.
func (g *Guard) Failures() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for key, times := range g.failures {
		if key[:len("address")] == "address" {
			n += len(times)
		}
	}
	return n
}

// Attempts returns how many log-ins an account has had.
func (g *Guard) Attempts(account string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.attempts[account]
}

// answer is Dovecot's auth policy protocol: one request asks whether a log-in may go on, another tells how it ended.
func (g *Guard) answer(w http.ResponseWriter, r *http.Request) {
	var said struct {
		Login   string `json:"login"`
		Remote  string `json:"remote"`
		Success bool   `json:"success"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&said); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	status, message := 0, ""
	if r.URL.Query().Get("command") == "report" {
		g.report(said.Login, said.Remote, said.Success)
	} else if g.tooMany("address " + said.Remote) {
		status, message = -1, "too many failures from your address"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "msg": message}) // Dovecot is gone if it fails
}

func (g *Guard) report(account, address string, success bool) {
	g.attempts[account]++
	if success {
		return
	}
	for _, key := range []string{"address " + address, "account " + account} {
		g.failures[key] = append(g.failures[key], time.Now())
		if g.tooMany(key) {
			g.locked = append(g.locked, key)
		}
	}
}

func (g *Guard) tooMany(key string) bool {
	within := 0
	for _, at := range g.failures[key] {
		if time.Since(at) < FindTime {
			within++
		}
	}
	return within >= MaxRetry
}
