// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"time"
)

// ProbeMail is how test messages are sent after a switch.
type ProbeMail struct {
	Accounts []string      `yaml:"accounts" example:"[postmaster@example.com]"`
	Sender   string        `yaml:"sender" example:"mover@example.org"`
	Wait     time.Duration `yaml:"wait"`
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
