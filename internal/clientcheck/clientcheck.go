// SPDX-License-Identifier: Apache-2.0

// Package clientcheck looks at domains from outside, as each mail program and telephone does that sets itself up: which
// document it would find, what that says, and whether the servers that it names answer with certificates for their names. It
// compares this with the settings, for people who have moved and for people who have not.
//
//   - What a client concludes from a set of answers is a function without a network (the files named after the clients); ask.go
//     asks what it still lacks, until it lacks nothing.
//   - It logs in nowhere and sends no password, whoever asks for one.
//   - What others say is bounded: octets, depth, servers of a document, redirects, addresses that a redirect asks for, time.
//   - An answer that did not come is not known. It is never taken for "there is no document".
//
// The steps of a caller: one Subject for each domain, then Check.
package clientcheck

import (
	"strings"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol"
)

// Subject is one domain that is looked at.
type Subject struct {
	Services  clientsetup.Services
	Side      rehome.Side // whose servers the domain's people should get now
	Responder string      // host that answers clients, as the settings name it; "" is none
	People    []Person
}

// Person is somebody of the domain.
type Person struct {
	Address string
	Login   string      // a user name that does not follow from the address; "" is none
	Side    rehome.Side // whose servers this person should get now
}

// split returns the parts of the address.
func (p Person) split() (local, domain string) {
	at := strings.LastIndexByte(p.Address, '@')
	return p.Address[:max(at, 0)], p.Address[at+1:]
}

// Service is what a server is for.
type Service string

// The services.
const (
	IMAP       Service = "imap"
	POP3       Service = "pop3"
	Submission Service = "submission"
	Sieve      Service = "sieve"
	DAV        Service = "dav"
	Webmail    Service = "webmail"
)

// Server is one server as a document names it.
type Server struct {
	Service  Service           `json:"service"`
	Host     string            `json:"host"`
	Port     int               `json:"port"`
	Security protocol.Security `json:"tls"`
	User     string            `json:"user"`
}

// settings are what a document says, as one client understands it.
type settings struct {
	servers             []Server   // in the order in which the client prefers them
	calendars, contacts string     // URLs; "" is none
	trouble             *hindrance // what would trouble the client although it takes the document; nil is nothing
}

// hindrance is something beside the servers that keeps a client from working.
type hindrance struct{ what, step, host string } // host runs whoever can mend it

// sendsAndReceives reports whether a client can use them.
func (s settings) sendsAndReceives() bool {
	incoming, outgoing := false, false
	for _, server := range s.servers {
		incoming = incoming || server.Service == IMAP || server.Service == POP3
		outgoing = outgoing || server.Service == Submission
	}
	return incoming && outgoing
}

// Report is what a look from outside has shown.
type Report struct {
	Domains  []Domain         `json:"domains"`
	Findings []rehome.Finding `json:"findings"`
}

// Domain is one domain of it.
type Domain struct {
	Domain  string      `json:"domain"`
	Side    rehome.Side `json:"side"` // whose servers its people should get now
	Clients []Client    `json:"clients"`
	Servers []Probe     `json:"servers"`
}

// Client is what one client does for one person.
type Client struct {
	Client    string        `json:"client"` // "thunderbird"
	Title     string        `json:"title"`  // "Thunderbird"
	Account   string        `json:"account"`
	Side      rehome.Side   `json:"side"` // whose servers this person should get now
	Level     checkup.Level `json:"level"`
	Sentence  string        `json:"sentence"`
	NextStep  string        `json:"next_step,omitempty"`
	Who       string        `json:"who,omitempty"`      // can mend it
	Document  string        `json:"document,omitempty"` // where the client finds it; "" is nowhere
	Via       []string      `json:"via,omitempty"`      // addresses that redirected it there, in their order
	Servers   []Server      `json:"servers"`
	Calendars string        `json:"calendars,omitempty"`
	Contacts  string        `json:"contacts,omitempty"`
	Passed    []Passed      `json:"passed"` // what it asked before, in its order
}

// Passed is a place where a client looked and found nothing that it takes.
type Passed struct {
	Asked string `json:"asked"`
	Why   string `json:"why"`

	unknown bool // there may be something that was not seen
	trouble Trouble
}

// Outcome implements rehome.Answer: that it is done says that each client gets what the settings say.
func (r Report) Outcome() rehome.Outcome {
	for _, f := range r.Findings {
		if f.Severity == rehome.SeverityError {
			return rehome.OutcomeDiffers
		}
	}
	return rehome.OutcomeDone
}
