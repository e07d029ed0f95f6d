// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// LoginMode says whose password opens an account.
type LoginMode string

// Whose password is used.
const (
	LoginUser   LoginMode = "user"
	LoginMaster LoginMode = "master"
	LoginOAuth  LoginMode = "oauth"
)

// MasterStyle says how a master user names the account to open.
type MasterStyle string

// How a master user names the account.
const (
	MasterSeparator MasterStyle = "separator" // log in as account*master
	MasterAuthzid   MasterStyle = "authzid"   // SASL with an authorisation identity, RFC 4616 section 2
	MasterProxyAuth MasterStyle = "proxyauth" // log in as master, then PROXYAUTH account
)

// IMAP is one end's IMAP server and how to log in there.
type IMAP struct {
	Address         string            `yaml:"address" example:"mail.example.com:993" doc:"Host and port."`
	TLS             protocol.Security `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins: from the first byte, by STARTTLS, or never."`
	Trust           `yaml:",inline"`
	AllowPlaintext  bool          `yaml:"allow_plaintext" doc:"Allow sending passwords to another machine without TLS."`
	Login           LoginMode     `yaml:"login" enum:"user,master,oauth" doc:"How to log in: with each user's own password, with one master user for all, or with an OAuth 2.0 access token."`
	MasterUser      string        `yaml:"master_user" example:"mover" doc:"The master user's name."`
	MasterPassword  Reference     `yaml:"master_password" example:"\"file:secrets/master\"" doc:"Reference to the master user's password."`
	MasterStyle     MasterStyle   `yaml:"master_style" enum:"separator,authzid,proxyauth" doc:"How the master user names the account: in the user name (anna@example.com*mover), as SASL authorisation identity, or with the PROXYAUTH command of Sun and Oracle servers."`
	MasterSeparator string        `yaml:"master_separator" doc:"The separator between account and master user."`
	Token           Reference     `yaml:"token" example:"\"cmd:secrets/token\"" doc:"Reference to the access tokens, for login: oauth. A program finds the account's login name in REHOME_LOGIN and prints its token; it runs again when a token has expired."`
	Mechanism       string        `yaml:"mechanism" enum:"auto,scram-sha-256,scram-sha-1,plain,login,cram-md5,oauthbearer,xoauth2" doc:"SASL mechanism of the login. auto uses the strongest that the server offers; name one only if that fails."`
	Compress        bool          `yaml:"compress" doc:"Compress connections if the server supports it (RFC 4978). It helps on lines below about 100 Mbit/s and costs CPU time on faster ones."`
	Timeout         time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// POP3 is one end's POP3 server.
type POP3 struct {
	Address        string            `yaml:"address" example:"mail.example.com:995" doc:"Host and port."`
	TLS            protocol.Security `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow sending passwords to another machine without TLS."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// Submission is one end's server for the mail that its users send (RFC 6409).
type Submission struct {
	Address        string            `yaml:"address" example:"mail.example.com:465" doc:"Host and port."`
	TLS            protocol.Security `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow sending passwords to another machine without TLS."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// Sieve is one end's ManageSieve server.
type Sieve struct {
	Address        string            `yaml:"address" example:"mail.example.com:4190" doc:"Host and port."`
	TLS            protocol.Security `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	MailboxNames   string            `yaml:"mailbox_names" enum:"auto,utf8,utf7" doc:"Encoding of mailbox names beyond ASCII in scripts: UTF-8 as in the standard, or the modified UTF-7 of IMAP. auto is utf7 for Cyrus, whose sieve_utf8fileinto is off by default, and utf8 for all others."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow sending passwords to another machine without TLS."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// DAV is one end's CalDAV and CardDAV server.
type DAV struct {
	URL            string `yaml:"url" example:"https://dav.example.com/" doc:"URL at which discovery starts, https or http."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow Basic logins to another machine over http. Digest logins are always allowed."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// SourceDAV is where contacts and calendars are read.
type SourceDAV struct {
	DAV `yaml:",inline"`
	Via DAVVia `yaml:"via" enum:"auto,dav,database" doc:"How to read contacts and calendars: from the server if a password is known, otherwise from the database's tables; only from the server; only from the tables."`
}

// DestinationDAV is where contacts and calendars are written.
type DestinationDAV struct {
	DAV                 `yaml:",inline"`
	Login               LoginMode `yaml:"login" enum:"user,master" doc:"How to log in: with each user's own password, or with the master user of destination.imap, whose name follows the account's (anna@example.com*mover). With master, no pass needs users' passwords if mail is opened so too. rehome refuses a home that the server does not show to be the account's."`
	ScheduleAgentClient bool      `yaml:"schedule_agent_client" doc:"Set SCHEDULE-AGENT=CLIENT on the attendees of events if the server would otherwise send invitations. It stays in the events, so the server does not send later changes to them either."`
	Repairs             Repairs   `yaml:"repairs" enum:"safe,all" doc:"Repairs to try if a server rejects an object or stores something else: only those that need no guess, or all that the manual lists."`
}

// Repairs says which repairs of contacts and calendars are offered.
type Repairs string

// The choices.
const (
	RepairsSafe Repairs = "safe"
	RepairsAll  Repairs = "all"
)

// OnThisMachine reports whether the URL can only be this machine, where nobody listens in between.
func (s DAV) OnThisMachine() bool {
	u, err := url.Parse(s.URL)
	return err == nil && isLoopback(u.Hostname())
}

// DAVVia says how contacts and calendars are read.
type DAVVia string

// The ways.
const (
	DAVAuto     DAVVia = "auto"
	DAVServer   DAVVia = "dav"
	DAVDatabase DAVVia = "database"
)

// checkAddress says what is wrong with a host and port, or "".
func checkAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "is not a host with a port"
	}
	if host == "" || strings.ContainsAny(host, " /@") {
		return "has no proper host name"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "has no port between 1 and 65535"
	}
	return ""
}

// isLoopback reports whether an address can only be this machine.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
