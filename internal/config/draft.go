// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"rehome/internal/protocol"
)

// The places that a draft names for secrets. They are only for their owner's eyes.
const (
	DraftDatabasePassword = "secrets/database"
	DraftMasterPassword   = "secrets/source-master"
	DraftTheirMaster      = "secrets/destination-master"
	draftRoster           = "people.csv"
)

// Draft is what somebody has to say about a move to get a first file of settings.
type Draft struct {
	Organisation                            string
	Domains                                 []string
	Store                                   string // empty: the default
	Roster                                  string // empty: people.csv, unless there is a database
	SourceKind                              SourceKind
	SourceIMAP                              string // host:port; port 143 means STARTTLS
	SourceMaster                            string // the master user, if there is one
	SourceDatabase                          string // data source name without a password
	DestinationKind                         DestinationKind
	DestinationIMAP                         string
	DestinationMaster                       string   // the master user there, if there is one
	SourceDAV                               string   // URL; empty: contacts and calendars are read from the database, if there is one
	DestinationDAV                          string   // URL; empty: contacts and calendars stay
	SourcePOP3, DestinationPOP3             string   // host:port; port 110 means STARTTLS
	SourceSubmission, DestinationSubmission string   // host:port; port 587 means STARTTLS
	SourceWebmail, DestinationWebmail       string   // URL
	SourceSieve                             string   // host:port; empty: rules come from the database, if there is one
	OldDKIM                                 []string // selectors of the source's keys, which the end of the move removes
	// DestinationSieve is host:port; empty: rules are written to files.
	DestinationSieve string
}

// draftFile is the part of the file that a draft fills, in its order.
type draftFile struct {
	Organisation string   `yaml:"organisation,omitempty"`
	Domains      []string `yaml:"domains,omitempty,flow"`
	Store        string   `yaml:"store"`
	Roster       string   `yaml:"roster,omitempty"`
	Source       draftEnd `yaml:"source"`
	Destination  draftEnd `yaml:"destination"`

	Cutover map[string][]string `yaml:"cutover,omitempty,flow"`
}

type draftEnd struct {
	Kind       string            `yaml:"kind"`
	Database   map[string]string `yaml:"database,omitempty"`
	IMAP       draftIMAP         `yaml:"imap"`
	POP3       map[string]string `yaml:"pop3,omitempty"`
	Submission map[string]string `yaml:"submission,omitempty"`
	Webmail    string            `yaml:"webmail,omitempty"`
	Sieve      map[string]string `yaml:"sieve,omitempty"`
	DAV        map[string]string `yaml:"dav,omitempty"`
}

type draftIMAP struct {
	Address        string            `yaml:"address"`
	TLS            protocol.Security `yaml:"tls"`
	Login          string            `yaml:"login"`
	MasterUser     string            `yaml:"master_user,omitempty"`
	MasterPassword string            `yaml:"master_password,omitempty"`
}

// YAML writes the file. Whoever writes it to disk should Parse it first: a draft may be wrong.
func (d Draft) YAML() ([]byte, error) {
	defaults := Default()
	file := draftFile{
		Organisation: d.Organisation,
		Domains:      d.Domains,
		Store:        firstOf(d.Store, defaults.Store),
		Roster:       d.Roster,
		Source: draftEnd{Kind: firstOf(string(d.SourceKind), string(defaults.Source.Kind)),
			IMAP: masteredIMAP(d.SourceIMAP, d.SourceMaster, DraftMasterPassword)},
		Destination: draftEnd{Kind: firstOf(string(d.DestinationKind), string(defaults.Destination.Kind)),
			IMAP: masteredIMAP(d.DestinationIMAP, d.DestinationMaster, DraftTheirMaster)},
	}
	file.Source.DAV, file.Destination.DAV = oneSetting("url", d.SourceDAV), oneSetting("url", d.DestinationDAV)
	file.Source.POP3, file.Destination.POP3 = securedBy(d.SourcePOP3), securedBy(d.DestinationPOP3)
	file.Source.Submission, file.Destination.Submission = securedBy(d.SourceSubmission), securedBy(d.DestinationSubmission)
	file.Source.Webmail, file.Destination.Webmail = d.SourceWebmail, d.DestinationWebmail
	file.Source.Sieve, file.Destination.Sieve = oneSetting("address", d.SourceSieve), oneSetting("address", d.DestinationSieve)
	if d.SourceDatabase != "" {
		file.Source.Database = map[string]string{"dsn": d.SourceDatabase, "password": schemeFile + ":" + DraftDatabasePassword}
	} else if file.Roster == "" {
		file.Roster = draftRoster
	}
	if len(d.OldDKIM) > 0 {
		file.Cutover = map[string][]string{"old_dkim": d.OldDKIM}
	}
	body, err := yaml.Dump(file)
	return append([]byte("# The settings of one move. To see every key with its meaning, run: rehome config sample\n"), body...), err
}

// securedBy begins TLS as the port's standard says (RFC 8314, section 3.3; RFC 2595, section 4).
func securedBy(address string) map[string]string {
	section := oneSetting("address", address)
	if strings.HasSuffix(address, ":587") || strings.HasSuffix(address, ":25") || strings.HasSuffix(address, ":110") {
		section["tls"] = string(protocol.StartTLS)
	}
	return section
}

// oneSetting is a section with one key, or none without a value.
func oneSetting(key, value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{key: value}
}

// masteredIMAP is a server that a master user opens for all, or, without one, that users log in to themselves.
func masteredIMAP(address, master, password string) draftIMAP {
	imap := plainIMAP(address)
	if master != "" {
		imap.Login, imap.MasterUser, imap.MasterPassword = string(LoginMaster), master, schemeFile+":"+password
	}
	return imap
}

// plainIMAP is a server that users log in to themselves. Port 143 is the one that turns to TLS by
// command (RFC 9051 section 11.1 has both ports).
func plainIMAP(address string) draftIMAP {
	imap := draftIMAP{Address: address, TLS: protocol.ImplicitTLS, Login: string(LoginUser)}
	if strings.HasSuffix(address, ":143") {
		imap.TLS = protocol.StartTLS
	}
	return imap
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
