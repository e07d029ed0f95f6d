// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// TLSMode says when a connection turns to TLS.
type TLSMode string

// When TLS begins.
const (
	TLSImplicit TLSMode = "implicit" // from the first byte
	TLSStart    TLSMode = "starttls" // by command, before the log-in
	TLSNone     TLSMode = "none"
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
	Address         string  `yaml:"address" example:"mail.example.com:993" doc:"Host and port."`
	TLS             TLSMode `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins: from the first byte, by STARTTLS, or never."`
	Trust           `yaml:",inline"`
	AllowPlaintext  bool          `yaml:"allow_plaintext" doc:"Allow passwords over a connection without TLS to another machine."`
	Login           LoginMode     `yaml:"login" enum:"user,master,oauth" doc:"What opens an account: each user's own password, one master user's for all, or an OAuth 2.0 access token."`
	MasterUser      string        `yaml:"master_user" example:"mover" doc:"The master user's name."`
	MasterPassword  Reference     `yaml:"master_password" example:"\"file:secrets/master\"" doc:"Where the master user's password is kept."`
	MasterStyle     MasterStyle   `yaml:"master_style" enum:"separator,authzid,proxyauth" doc:"How the master user names the account: in the user name (anna@example.com*mover), as SASL authorisation identity, or by the command PROXYAUTH of Sun and Oracle servers."`
	MasterSeparator string        `yaml:"master_separator" doc:"What stands between account and master user."`
	Token           Reference     `yaml:"token" example:"\"cmd:secrets/token\"" doc:"Where access tokens come from, for login: oauth. A program finds the account's log-in name in REHOME_LOGIN and prints its token; it is asked again when a token has expired."`
	Mechanism       string        `yaml:"mechanism" enum:"auto,scram-sha-256,scram-sha-1,plain,login,cram-md5,oauthbearer,xoauth2" doc:"SASL mechanism of the log-in. auto takes the strongest that the server offers; name one only if that fails."`
	Compress        bool          `yaml:"compress" doc:"Compress connections where the server can (RFC 4978). It pays on lines below some 100 Mbit/s and costs processor time on faster ones."`
	Timeout         time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// POP3 is one end's POP3 server.
type POP3 struct {
	Address        string  `yaml:"address" example:"mail.example.com:995" doc:"Host and port."`
	TLS            TLSMode `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow passwords over a connection without TLS to another machine."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// Sieve is one end's ManageSieve server.
type Sieve struct {
	Address        string  `yaml:"address" example:"mail.example.com:4190" doc:"Host and port."`
	TLS            TLSMode `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	MailboxNames   string  `yaml:"mailbox_names" enum:"auto,utf8,utf7" doc:"How scripts write mailbox names beyond ASCII: in UTF-8 as the standard says, or in the modified UTF-7 of IMAP. auto is utf7 for Cyrus, whose sieve_utf8fileinto is off unless somebody has set it, and utf8 for all others."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow passwords over a connection without TLS to another machine."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// DAV is one end's CalDAV and CardDAV server.
type DAV struct {
	URL            string `yaml:"url" example:"https://dav.example.com/" doc:"Where discovery starts, https or http."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow Basic log-ins over http to another machine. Digest log-ins are always allowed."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// SourceDAV is where contacts and calendars are read.
type SourceDAV struct {
	DAV `yaml:",inline"`
	Via DAVVia `yaml:"via" enum:"auto,dav,database" doc:"How contacts and calendars are read: from the server where a password is known and from the database's tables else; only from the server; only from the tables."`
}

// DestinationDAV is where contacts and calendars are written.
type DestinationDAV struct {
	DAV                 `yaml:",inline"`
	ScheduleAgentClient bool    `yaml:"schedule_agent_client" doc:"Put SCHEDULE-AGENT=CLIENT on the attendees of events if the server sends invitations otherwise. It stays in the events, and later changes to them are not sent by the server either."`
	Repairs             Repairs `yaml:"repairs" enum:"safe,all" doc:"Which repairs are offered to a server that refuses an object, or keeps something else: those that are made without a guess, or all that the manual lists."`
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
