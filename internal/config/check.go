// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"rehome/internal/ledger/postgres"
	"rehome/internal/protocol"
)

// check finds what is well-formed and yet cannot work.
func check(d *document, c *Config) {
	eachField(reflect.ValueOf(c).Elem(), "", d.checkField)
	d.checkPeople(c)
	alone := objectsAlone(c)
	d.checkIMAP("source.imap", c.Source.IMAP, alone)
	d.checkIMAP("destination.imap", c.Destination.IMAP, alone)
	d.checkPOP3("source.pop3", c.Source.POP3)
	d.checkPOP3("destination.pop3", c.Destination.POP3)
	d.checkSubmission("source.submission", c.Source.Submission)
	d.checkSubmission("destination.submission", c.Destination.Submission)
	d.checkLoginTest("destination.login_test", c.Destination.LoginTest)
	d.checkWebmail("source.webmail", c.Source.Webmail)
	d.checkWebmail("destination.webmail", c.Destination.Webmail)
	d.checkSieve("source.sieve", c.Source.Sieve)
	d.checkSieve("destination.sieve", c.Destination.Sieve)
	d.checkDsync("destination.dsync", c.Destination.Dsync)
	d.checkDAV("source.dav", c.Source.DAV.DAV, c.Source.DAV.Via == DAVDatabase)
	d.checkDAV("destination.dav", c.Destination.DAV.DAV, false)
	if imap := c.Destination.IMAP; c.Destination.DAV.Login == LoginMaster && (imap.Login != LoginMaster || imap.MasterStyle != MasterSeparator) {
		d.addAt("destination.dav.login", "needs the master user of destination.imap", "set destination.imap.login: master with master_style: separator")
	}
	d.checkAPI("destination.api", c.Destination.API)
	if c.Source.DAV.Via == DAVDatabase && c.Source.Database.DSN == "" {
		d.addAt("source.dav.via", "is database, and source.database is not given", "give the database, or set source.dav.via: dav")
	}
	d.checkMX("destination.mx", c.Destination.MX)
	d.checkDestinationDNS("destination.dns", c.Destination.DNS)
	d.checkDNS("dns", c.DNS)
	d.checkCutover("cutover", c.Cutover)
	d.checkAccounts(c.Accounts)
	d.checkMail(c.Mail)
	d.checkSettle(c.Mail)
	d.checkLimits(c.Limits)
	d.checkClients("clients", c.Clients)
	d.checkAlerts(c.Alerts, c.Clients.Notify.Address)
	d.checkOIDC("serve.oidc", c.Serve.OIDC)
}

// addAt reports a problem of a key where its value stands or, if it is not given, where the nearest
// section that is given begins. One problem a key is enough.
func (d *document) addAt(path, sentence, hint string) {
	if d.settled[path] {
		return
	}
	if at, given := d.values[path]; given {
		d.add(at, path, sentence, hint)
		return
	}
	for parent, _ := splitPath(path); parent != ""; parent, _ = splitPath(parent) {
		if at, given := d.keys[parent]; given {
			d.add(at, path, sentence, hint)
			return
		}
	}
	d.add(start(), path, sentence, hint)
}

// checkField judges what a single key tells about itself: choices, references, durations.
func (d *document) checkField(f field) {
	switch v := f.value.Interface().(type) {
	case Reference:
		if _, _, ok := v.split(); !ok && !v.IsZero() {
			d.addAt(f.path, "holds the secret itself", howToRefer)
		}
	case []string:
		for _, item := range v {
			d.checkChoice(f, item)
		}
	default:
		if f.value.Kind() == reflect.String {
			d.checkChoice(f, f.value.String())
		}
	}
	if n := f.value; n.CanInt() && n.Int() < 0 {
		d.addAt(f.path, "cannot be negative", "")
	}
}

func (d *document) checkChoice(f field, value string) {
	choices := f.choices()
	if choices == nil || slices.Contains(choices, value) {
		return
	}
	hint := "choose one of " + strings.Join(choices, ", ")
	if meant := Nearest(value, choices); meant != "" {
		hint = fmt.Sprintf("did you mean %s?", meant)
	}
	d.addAt(f.path, fmt.Sprintf("cannot be %q", value), hint)
}

// checkPeople demands one way to know whose accounts move.
func (d *document) checkPeople(c *Config) {
	for _, domain := range c.Domains {
		if domain == "" || strings.ContainsAny(domain, "@/ *:") {
			d.addAt("domains", fmt.Sprintf("has %q, which is no domain", domain), "write the part behind the @, for example example.com")
		}
	}
	if c.Store == "" {
		d.addAt("store", "is missing", "name a file, for example rehome.db")
	}
	d.checkStore(c)
	dsn := c.Source.Database.DSN
	switch {
	case dsn != "" && c.Source.Kind != SourceAtmail7:
		d.addAt("source.database", "is given, but source.kind is "+string(c.Source.Kind), "set source.kind to atmail7, or take people from a roster")
	case dsn != "":
		if sentence, hint := checkDSN(dsn); sentence != "" {
			d.addAt("source.database.dsn", sentence, hint)
		}
	case c.Roster == "":
		d.addAt("roster", "is missing, and so is source.database.dsn", "say who moves: name a CSV file in roster, or the source's database")
	}
}

// checkStore looks at the address of a ledger that is no file. What is said of it never repeats it: it may hold a password.
func (d *document) checkStore(c *Config) {
	if c.StoreIsFile() {
		if !c.StorePassword.IsZero() {
			d.addAt("store_password", "is given, but store is a file", "take it out, or name a PostgreSQL database in store")
		}
		return
	}
	var said *postgres.AddressError
	if _, err := postgres.ParseAddress(c.Store); errors.As(err, &said) {
		d.addAt("store", said.Sentence, said.Hint)
	}
}

// objectsAlone reports whether the settings describe a move of contacts and calendars alone, for which nobody needs an IMAP
// server. Rules need one: they name mailboxes, and log in as for IMAP.
func objectsAlone(c *Config) bool {
	readable := c.Source.DAV.URL != "" || c.Source.Database.DSN != ""
	rules := c.Source.Sieve.Address != "" || c.Destination.Sieve.Address != ""
	return c.Source.IMAP.Address == "" && c.Destination.IMAP.Address == "" && readable && c.Destination.DAV.URL != "" && !rules
}

func (d *document) checkIMAP(path string, s IMAP, optional bool) {
	if s.Address == "" && optional {
		return
	}
	if s.Address == "" {
		d.addAt(path+".address", "is missing", "write host and port, for example mail.example.com:993")
	} else {
		d.checkServer(path, s.Address, s.TLS, s.AllowPlaintext)
	}
	d.checkTrust(path, s.Trust)
	if s.Timeout == 0 {
		d.addAt(path+".timeout", "cannot be 0", "a silent server would hold a connection for ever")
	}
	if s.Login == LoginOAuth && s.Token.IsZero() {
		d.addAt(path+".token", "is missing", "login: oauth needs to know where tokens come from, for example cmd:secrets/token")
	}
	if token := s.Mechanism == "oauthbearer" || s.Mechanism == "xoauth2"; s.Mechanism != "auto" && token != (s.Login == LoginOAuth) {
		d.addAt(path+".mechanism", "does not fit login: "+string(s.Login), "leave it at auto")
	}
	if s.Login != LoginMaster {
		return
	}
	if s.MasterUser == "" {
		d.addAt(path+".master_user", "is missing", "login: master needs a master user; or set login: user")
	}
	if s.MasterPassword.IsZero() {
		d.addAt(path+".master_password", "is missing", howToRefer)
	}
	if s.MasterStyle == MasterSeparator && s.MasterSeparator == "" {
		d.addAt(path+".master_separator", "cannot be empty", "Dovecot's auth_master_user_separator, usually *")
	}
}

func (d *document) checkPOP3(path string, s POP3) {
	d.checkOptional(path, s.Address, s.TLS, s.AllowPlaintext, "mail.example.com:995")
	d.checkTrust(path, s.Trust)
}

func (d *document) checkSubmission(path string, s Submission) {
	d.checkOptional(path, s.Address, s.TLS, s.AllowPlaintext, "mail.example.com:465")
	d.checkTrust(path, s.Trust)
}

func (d *document) checkWebmail(path, address string) {
	if address == "" {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		d.addAt(path, "is not an address of a web page", "write it with its scheme, such as https://webmail.example.com/")
	}
}

func (d *document) checkSieve(path string, s Sieve) {
	d.checkOptional(path, s.Address, s.TLS, s.AllowPlaintext, "mail.example.com:4190")
	d.checkTrust(path, s.Trust)
}

// checkOptional judges a server that need not be there.
func (d *document) checkOptional(path, address string, mode protocol.Security, allowPlaintext bool, example string) {
	if address != "" {
		d.checkServer(path, address, mode, allowPlaintext)
	} else if _, given := d.keys[path]; given {
		d.addAt(path+".address", "is missing", "write host and port, for example "+example)
	}
}

func (d *document) checkDAV(path string, s DAV, needsNoURL bool) {
	if s.URL == "" {
		if _, given := d.keys[path]; given && !needsNoURL {
			d.addAt(path+".url", "is missing", "write where the server is, for example https://dav.example.com/")
		}
	} else if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		d.addAt(path+".url", "is not an https or http address", "write it in full, for example https://dav.example.com/")
	} else if u.User != nil {
		d.addAt(path+".url", "holds a login", "leave user and password out; they are those of IMAP")
	}
	d.checkTrust(path, s.Trust)
}

func (d *document) checkServer(path, address string, mode protocol.Security, allowed bool) {
	if sentence := checkAddress(address); sentence != "" {
		d.addAt(path+".address", sentence, "write host and port, for example mail.example.com:993; an IPv6 address in brackets")
		return
	}
	if mode == protocol.NoTLS && !allowed && !isLoopback(address) {
		d.addAt(path+".tls", "would send passwords readable over the network",
			"use implicit or starttls; if the way there is safe, set "+path+".allow_plaintext: true")
	}
}

func (d *document) checkTrust(path string, t Trust) {
	known := slices.Collect(maps.Keys(cipherSuites()))
	for _, name := range t.Ciphers {
		if slices.Contains(known, name) {
			continue
		}
		hint := "use IANA names, for example TLS_RSA_WITH_AES_128_CBC_SHA"
		if meant := Nearest(name, known); meant != "" {
			hint = fmt.Sprintf("did you mean %s?", meant)
		}
		d.addAt(path+".ciphers", fmt.Sprintf("has %q, which is not a known cipher suite", name), hint)
	}
	if _, err := t.spki(); err != nil {
		d.addAt(path+".pin", err.Error(), `"rehome check" prints the server's own`)
	}
}

func (d *document) checkAccounts(a Accounts) {
	if n := len(a.CSV.Header); n != 0 && n != 4 {
		d.addAt("accounts.csv.header", fmt.Sprintf("has %d labels instead of 4", n), "one each for address, first name, last name, password")
	}
	for _, text := range a.SealTo {
		if !isRecipient(text) {
			d.addAt("accounts.seal_to", "has an entry that is no age recipient", "a recipient begins with age1 or ssh-; it is public, the identity is not")
		}
	}
}

func isRecipient(text string) bool {
	if strings.HasPrefix(text, "ssh-") {
		_, err := agessh.ParseRecipient(text)
		return err == nil
	}
	_, err := age.ParseRecipients(strings.NewReader(text))
	return err == nil
}

func (d *document) checkMail(m Mail) {
	for _, text := range m.Exclude {
		if _, err := regexp.Compile(text); err != nil {
			d.addAt("mail.exclude", fmt.Sprintf("has %q, which is no regular expression", text), `a literal dot is "[.]", anything is ".*"`)
		}
	}
	for _, text := range m.RenameRegex {
		match, _, found := cutRule(text)
		if _, err := regexp.Compile(match); err != nil || !found || match == "" {
			d.addAt("mail.rename_regex", fmt.Sprintf("has %q, which is no rule", text),
				`write a regular expression, =>, and what replaces its matches, for example '^INBOX[.]Old[.](.+)$ => INBOX.Archive.$1'`)
		}
	}
	for src, dst := range m.Rename {
		if src == "" || dst == "" {
			d.addAt("mail.rename", "has an empty name", "write the full name at the source, then the one at the destination")
		}
	}
}

// shortestSettle keeps a value that cannot be meant, such as 90 without a unit, from being believed.
const shortestSettle = time.Second

func (d *document) checkSettle(m Mail) {
	if m.Settle < shortestSettle {
		d.addAt("mail.settle", "must be at least 1s", "90s suits a destination that never stalls for more than half a minute")
	}
}

func (d *document) checkLimits(l Limits) {
	for path, n := range map[string]int{
		"limits.source_connections":      l.SourceConnections,
		"limits.destination_connections": l.DestinationConnections,
		"limits.per_account":             l.PerAccount,
	} {
		if n < 1 {
			d.addAt(path, "must be at least 1", "")
		}
	}
}
