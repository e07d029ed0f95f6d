// SPDX-License-Identifier: Apache-2.0

package cyrus

import (
	"embed"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

//go:embed imapd.conf.tmpl cyrus.conf.tmpl
var templates embed.FS

// config is what the templates read.
type config struct {
	*Server
	Options
	Dir, Bin, Realm   string
	User, Group       string
	CertFile, KeyFile string
	QuotaKB           int
	Domains           []string
	Outbox            string
	Mailboxes         []mailbox
	Subscribed        []string // of them; the server does not start with an empty list
}

// mailbox adds the form that xlist-... lines have.
type mailbox struct {
	Mailbox
	Use string
}

func (s *Server) writeConfig() error {
	user, err := serverUser()
	if err != nil {
		return err
	}
	data := config{
		Server: s, Options: s.options, Dir: s.dir, Bin: s.root.Path("/usr/lib/cyrus/bin"), Realm: realm,
		User: user.name, Group: user.group, QuotaKB: s.options.QuotaMB << 10,
		Domains: s.localDomains(), Outbox: s.Outbox.SMTP,
	}
	for _, m := range s.options.Mailboxes {
		if m.Subscribed {
			data.Subscribed = append(data.Subscribed, m.Name)
		}
		data.Mailboxes = append(data.Mailboxes, mailbox{m, strings.ToLower(strings.TrimPrefix(m.SpecialUse, `\`))})
	}
	for _, dir := range []string{"", "config", "config/proc", "config/db", "config/socket", "config/log", "config/lock", "spool", "sieve"} {
		if err := os.Mkdir(s.file(dir), 0o750); err != nil {
			return err
		}
		if err := s.own(s.file(dir)); err != nil {
			return err
		}
	}
	if data.CertFile, data.KeyFile, err = s.lab.Issue(s.options.Hosts...); err != nil {
		return err
	}
	if err := s.own(data.KeyFile); err != nil {
		return err
	}
	parsed, err := template.ParseFS(templates, "*.tmpl")
	if err != nil {
		return err
	}
	for _, name := range []string{"imapd.conf", "cyrus.conf"} {
		var text strings.Builder
		if err := parsed.ExecuteTemplate(&text, name+".tmpl", data); err != nil {
			return err
		}
		if err := os.WriteFile(s.file(name), []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) localDomains() []string {
	domains := slices.Clone(s.options.Domains)
	for _, account := range s.options.Accounts {
		if _, domain, found := strings.Cut(account.Address, "@"); found && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// owner is the user that the server runs as.
type owner struct {
	name, group string
	uid, gid    int
}

// serverUser is the caller, or for root a user that every Debian has: Cyrus refuses to run as root,
// and wants a name.
func serverUser() (owner, error) {
	account, err := user.Current()
	if err == nil && os.Geteuid() == 0 {
		account, err = user.Lookup("mail")
	}
	if err != nil {
		return owner{}, err
	}
	group, err := user.LookupGroupId(account.Gid)
	if err != nil {
		return owner{}, err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return owner{}, err
	}
	gid, err := strconv.Atoi(account.Gid)
	return owner{account.Username, group.Name, uid, gid}, err
}
