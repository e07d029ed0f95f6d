// SPDX-License-Identifier: Apache-2.0

package dovecot

import (
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/user"
	"strings"
	"text/template"
)

//go:embed dovecot.conf.tmpl
var configText string

//go:embed dovecot24.conf.tmpl
var config24Text string

// config is what the template reads.
type config struct {
	Options
	Instance, Dir, Host string
	UID, GID            int
	DoveadmPassword     string
	Ports               map[string]string
	Unprivileged        bool
	User, Group         string // of the caller, if unprivileged
	Abilities           sieveAbilities
	SieveKnown          string
}

func (s *Server) writeConfig() error {
	data := config{Options: s.options, Instance: "lab-" + s.options.Name, Dir: s.dir, Host: s.lab.Host(),
		DoveadmPassword: s.DoveadmPassword, Abilities: s.abilities, SieveKnown: sieveKnown}
	data.UID, data.GID = s.lab.Owner()
	var err error
	if data.Ports, err = s.ports(); err != nil {
		return err
	}
	if data.CertFile == "" {
		if data.CertFile, data.KeyFile, err = s.lab.Issue(s.options.Hosts...); err != nil {
			return err
		}
	}
	if os.Geteuid() != 0 {
		if err := data.nameCaller(); err != nil {
			return err
		}
	}
	source := configText
	if s.options.Version == V24 {
		source = config24Text
	}
	parsed, err := template.New("dovecot.conf").Parse(source)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return err
	}
	return os.WriteFile(s.ConfigFile(), []byte(text.String()), 0o600)
}

func (s *Server) ports() (map[string]string, error) {
	ports := map[string]string{}
	for name, addr := range map[string]string{
		"IMAP": s.IMAP, "IMAPS": s.IMAPS, "POP3": s.POP3, "POP3S": s.POP3S, "Sieve": s.Sieve, "LMTP": s.LMTP, "Doveadm": s.DoveadmTCP, "SASL": s.SASL,
	} {
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("read the address for %s: %w", name, err)
		}
		ports[name] = port
	}
	return ports, nil
}

// nameCaller makes every process of the server run as the caller, who is not root.
func (c *config) nameCaller() error {
	caller, err := user.Current()
	if err != nil {
		return err
	}
	group, err := user.LookupGroupId(caller.Gid)
	if err != nil {
		return err
	}
	c.Unprivileged = true
	c.User = caller.Username
	c.Group = group.Name
	return nil
}
