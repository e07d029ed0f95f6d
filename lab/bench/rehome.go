// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rehomeTool runs the real binary with a roster, as without a database, and all limits as they are by
// default.
type rehomeTool struct {
	binary  string
	way     string // behind the name, in rows with several ways
	dsync   bool
	relaxed bool   // with several writers to a mailbox
	store   string // "" is a file
}

const (
	rehome     = "rehome"
	ledgerName = "rehome.db"
)

func (t *rehomeTool) name() string { return rehome + t.way }
func (*rehomeTool) traits() traits { return traits{} }

func (t *rehomeTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	tls := "tls: none"
	if s.line.tls {
		tls = "tls: implicit, ca_file: " + s.lab.CAFile()
	}
	secrets := map[string]string{}
	dsync := ""
	if t.dsync {
		dsync = fmt.Sprintf(`, dsync: {address: "%s", tls: none, password: "file:doveadm"}`, s.server[destination].DoveadmTCP)
		secrets["doveadm"] = s.server[destination].DoveadmPassword
	}
	settings := fmt.Sprintf(`organisation: Bench
store: %q
roster: people.csv
source: {kind: imap, imap: {address: "%s", %s}}
destination: {kind: imap, imap: {address: "%s", %s}%s}
`, cmp.Or(t.store, ledgerName), s.addr[source], tls, s.addr[destination], tls, dsync)
	if t.relaxed {
		settings += "mail: {order: relaxed}\n"
	}
	var roster strings.Builder
	roster.WriteString("EmailAddress,SourceUser,SourcePassword,DestinationUser,DestinationPassword\n")
	for _, m := range moves {
		roster.WriteString(strings.Join([]string{m.dst, m.src, password, m.dst, password}, ",") + "\n")
	}
	secrets["rehome.yaml"], secrets["people.csv"] = settings, roster.String()
	if err := writeSettings(dir, secrets); err != nil {
		return nil, err
	}
	return []program{{dir: dir, argv: []string{t.binary, "sync", "--quiet"}}}, nil
}

// ledgerNote says how large the ledger of a run is.
func ledgerNote(dir string) (string, error) {
	file, err := os.Stat(filepath.Join(dir, ledgerName))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ledger of %.1f MiB", float64(file.Size())/(1<<20)), nil
}

// writeSettings writes files that hold passwords.
func writeSettings(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
