// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"net"

	"rehome/lab"
)

// doveadmTool runs Dovecot's own backup at the destination: it reads the source by IMAP and writes the
// store directly, so that its client is the destination's server too.
type doveadmTool struct{}

func (doveadmTool) name() string { return "doveadm backup" }
func (doveadmTool) traits() traits {
	return traits{note: "writes the store itself, with the mail_fsync of the server"}
}

func (doveadmTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	path, err := lab.FindProgram("doveadm", "dovecot-core")
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(s.addr[source]) // our own address, always well-formed
	security := "imapc_ssl = no"
	if s.line.tls {
		security = "imapc_ssl = imaps\nssl_client_ca_file = " + s.lab.CAFile()
	}
	var programs []program
	for i, m := range moves {
		file := fmt.Sprintf("doveadm%d.conf", i)
		text := fmt.Sprintf(`!include %s
imapc_host = %s
imapc_port = %s
imapc_user = %s
imapc_password = %s
imapc_list_prefix = INBOX
imapc_features = rfc822.size fetch-headers
mail_prefetch_count = 20
%s
`, s.server[destination].ConfigFile(), host, port, m.src, password, security)
		if err := writeSettings(dir, map[string]string{file: text}); err != nil {
			return nil, err
		}
		programs = append(programs, program{dir: dir, argv: []string{path, "-c", file, "backup", "-R", "-u", m.dst, "imapc:"}})
	}
	return programs, nil
}
