// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"time"
)

// ProbeMail is how test messages are sent after a switch.
type ProbeMail struct {
	Accounts []string      `yaml:"accounts" example:"[postmaster@example.com]" doc:"The account of each domain that receives test messages after the switch, and sends one to itself. It is one of those that move. Empty: none is sent."`
	Sender   string        `yaml:"sender" example:"mover@example.org" doc:"The sender of the test message that comes from outside: an address whose mail this machine may send. Empty: destination.mx.sender, or else the null sender, as that of bounces."`
	Wait     time.Duration `yaml:"wait" doc:"How long a mail host may take to accept a test message, for instance because of greylisting, and how long it may be on its way."`
}

func defaultProbeMail() ProbeMail { return ProbeMail{Wait: 10 * time.Minute} }

// Of returns the account that receives the test messages of a domain; "" for none.
func (s ProbeMail) Of(domain string) string {
	for _, account := range s.Accounts {
		if strings.HasSuffix(strings.ToLower(account), "@"+domain) {
			return strings.ToLower(account)
		}
	}
	return ""
}

func (d *document) checkProbeMail(path string, s ProbeMail) {
	domains := map[string]bool{}
	for _, account := range s.Accounts {
		name, domain, found := strings.Cut(strings.ToLower(account), "@")
		switch {
		case !found || name == "" || domain == "" || strings.ContainsAny(account, " <>\""):
			d.addAt(path+".accounts", "has \""+account+"\", which is no address", "write whole addresses, for example [postmaster@example.com]")
		case domains[domain]:
			d.addAt(path+".accounts", "has two accounts of "+domain, "name one for each domain")
		}
		domains[domain] = true
	}
	if s.Sender != "" && !strings.Contains(s.Sender, "@") {
		d.addAt(path+".sender", "is no address", "write an address, or leave it out")
	}
	if s.Wait < time.Second || s.Wait > 24*time.Hour {
		d.addAt(path+".wait", "must be between 1s and 24h", "leave it out: the default suits nearly everybody")
	}
}
