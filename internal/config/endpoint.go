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
	Login           LoginMode     `yaml:"login" enum:"user,master,oauth"`
	MasterUser      string        `yaml:"master_user" example:"mover" doc:"The master user's name."`
	MasterPassword  Reference     `yaml:"master_password" example:"\"file:secrets/master\"" doc:"Reference to the master user's password."`
	MasterStyle     MasterStyle   `yaml:"master_style" enum:"separator,authzid,proxyauth"`
	MasterSeparator string        `yaml:"master_separator" doc:"The separator between account and master user."`
	Token           Reference     `yaml:"token" example:"\"cmd:secrets/token\""`
	Mechanism       string        `yaml:"mechanism" enum:"auto,scram-sha-256,scram-sha-1,plain,login,cram-md5,oauthbearer,xoauth2"`
	Compress        bool          `yaml:"compress"`
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
	MailboxNames   string            `yaml:"mailbox_names" enum:"auto,utf8,utf7"`
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
	Via DAVVia `yaml:"via" enum:"auto,dav,database"`
}

// DestinationDAV is where contacts and calendars are written.
type DestinationDAV struct {
	DAV                 `yaml:",inline"`
	Login               LoginMode `yaml:"login" enum:"user,master"`
	ScheduleAgentClient bool      `yaml:"schedule_agent_client"`
	Repairs             Repairs   `yaml:"repairs" enum:"safe,all"`
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
