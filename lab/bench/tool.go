// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// rehomeTool runs the real binary with a roster, as without a database.
type rehomeTool struct{ binary string }

func (*rehomeTool) name() string { return "rehome" }

func (t *rehomeTool) commands(ctx context.Context, g *ground, dir string, moves []move) ([]*exec.Cmd, error) {
	tls := "tls: none"
	if g.row.TLS {
		tls = "tls: implicit, ca_file: " + g.room.CAFile()
	}
	settings := fmt.Sprintf(`organisation: Bench
store: rehome.db
roster: people.csv
source: {kind: imap, imap: {address: "%s", %s}}
destination: {kind: imap, imap: {address: "%s", %s}}
`, g.srcAddr, tls, g.dstAddr, tls)
	roster := "EmailAddress,SourceUser,SourcePassword,DestinationUser,DestinationPassword\n"
	for _, m := range moves {
		roster += strings.Join([]string{m.dst, m.src, password, m.dst, password}, ",") + "\n"
	}
	for name, text := range map[string]string{"rehome.yaml": settings, "people.csv": roster} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	command := exec.CommandContext(ctx, t.binary, "sync", "--quiet")
	command.Dir = dir
	return []*exec.Cmd{command}, nil
}

// mbsyncTool runs isync's mbsync, one account behind the other.
type mbsyncTool struct{}

func (*mbsyncTool) name() string { return "mbsync" }

func (t *mbsyncTool) commands(ctx context.Context, g *ground, dir string, moves []move) ([]*exec.Cmd, error) {
	if g.row.TLS {
		if err := errors.Join(g.saveCertificate("src", g.srcAddr), g.saveCertificate("dst", g.dstAddr)); err != nil {
			return nil, err
		}
	}
	var commands []*exec.Cmd
	for i, m := range moves {
		file := filepath.Join(dir, fmt.Sprintf("mbsyncrc%d", i))
		state := filepath.Join(dir, fmt.Sprintf("state%d", i))
		if err := os.MkdirAll(state, 0o700); err != nil {
			return nil, err
		}
		text := t.account(g, "src", g.srcAddr, m.src, "INBOX.") + t.account(g, "dst", g.dstAddr, m.dst, "") + fmt.Sprintf(`Channel move
Far :src:
Near :dst:
Patterns *
Create Near
Sync Pull
CopyArrivalDate yes
SyncState %s/
`, state)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
		commands = append(commands, exec.CommandContext(ctx, "mbsync", "-q", "-c", file, "move"))
	}
	return commands, nil
}

func (*mbsyncTool) account(g *ground, side, addr, user, prefix string) string {
	host, port, _ := net.SplitHostPort(addr) // our own address, always well-formed
	security := "SSLType None"
	if g.row.TLS {
		// A certificate that is itself in the file is taken whatever name it has; mbsync knows no
		// addresses in certificates.
		security = "SSLType IMAPS\nCertificateFile " + filepath.Join(g.dir, side+".pem")
	}
	delimiter := "/"
	path := ""
	if prefix != "" {
		delimiter, path = ".", "Path "+prefix+"\n"
	}
	return fmt.Sprintf(`IMAPAccount %[1]s
Host %[2]s
Port %[3]s
User %[4]s
Pass %[5]s
%[6]s

IMAPStore %[1]s
Account %[1]s
PathDelimiter %[7]s
%[8]s
`, side, host, port, user, password, security, delimiter, path)
}
