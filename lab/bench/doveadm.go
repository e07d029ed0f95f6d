// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"rehome/lab/dovecot"
)

// doveadmTool runs Dovecot's own backup at the destination: it reads the source by IMAP and writes the
// store directly, so that its client is the destination's server too.
type doveadmTool struct{}

func (doveadmTool) name() string { return "doveadm backup" }
func (doveadmTool) traits() traits {
	return traits{note: "writes the store itself, with the mail_fsync of the server"}
}

func (doveadmTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	dst := s.server[destination]
	host, port, _ := net.SplitHostPort(s.addr[source]) // our own address, always well-formed
	security := "imapc_ssl = no"
	if s.line.tls {
		security = "imapc_ssl = imaps\nssl_client_ca_file = " + s.lab.CAFile()
	}
	base, err := os.ReadFile(dst.ConfigFile()) // included, it would not begin with the version that Dovecot 2.4 wants there
	if err != nil {
		return nil, err
	}
	var programs []program
	for i, m := range moves {
		file := fmt.Sprintf("doveadm%d.conf", i)
		text := fmt.Sprintf(`%s
imapc_host = %s
imapc_port = %s
imapc_user = %s
imapc_password = %s
imapc_list_prefix = INBOX
%s
mail_prefetch_count = 20
%s
`, base, host, port, m.src, password, s.line.imapcFeatures(), security)
		if err := writeSettings(dir, map[string]string{file: text}); err != nil {
			return nil, err
		}
		argv, err := dst.Doveadm(filepath.Join(dir, file), "backup", "-R", "-u", m.dst, "imapc:")
		if err != nil {
			return nil, err
		}
		programs = append(programs, program{dir: dir, argv: argv})
	}
	return programs, nil
}

// imapcFeatures are those that make it fast. Since Dovecot 2.4 they are on.
func (l mailLine) imapcFeatures() string {
	if l.version == dovecot.V24 {
		return ""
	}
	return "imapc_features = rfc822.size fetch-headers"
}
