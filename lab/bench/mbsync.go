// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"rehome/lab"
)

// mbsyncTool runs isync's mbsync, a program for each account.
type mbsyncTool struct{}

func (mbsyncTool) name() string { return peer }

// traits: a header line "X-TUID: " with 12 characters in each message.
// It waits for the disk before it goes on, as its default is and as rehome does.
func (mbsyncTool) traits() traits { return traits{marks: 22, note: "FSync yes"} }

func (t mbsyncTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	path, err := lab.FindProgram("mbsync", "isync")
	if err != nil {
		return nil, err
	}
	if s.line.tls {
		if err := t.saveCertificates(s, dir); err != nil {
			return nil, err
		}
	}
	var programs []program
	for i, m := range moves {
		state := filepath.Join(dir, fmt.Sprintf("state%d", i))
		if err := os.Mkdir(state, 0o700); err != nil {
			return nil, err
		}
		file := fmt.Sprintf("mbsyncrc%d", i)
		text := t.account(s, dir, source, m.src) + t.account(s, dir, destination, m.dst) + fmt.Sprintf(`Channel move
Far :side%d:
Near :side%d:
Patterns *
Create Near
Sync Pull
CopyArrivalDate yes
SyncState %s/
`, source, destination, state)
		if err := writeSettings(dir, map[string]string{file: text}); err != nil {
			return nil, err
		}
		programs = append(programs, program{dir: dir, argv: []string{path, "-q", "-c", file, "move"}})
	}
	return programs, nil
}

// saveCertificates writes what both servers show. A certificate that is itself in the file is taken
// whatever name it has; mbsync knows no addresses in certificates.
func (mbsyncTool) saveCertificates(s *mailScene, dir string) error {
	for side := range s.addr {
		leaf, err := s.certificate(side)
		if err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
		if err := os.WriteFile(certificateFile(dir, side), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func certificateFile(dir string, side int) string {
	return filepath.Join(dir, fmt.Sprintf("side%d.pem", side))
}

func (mbsyncTool) account(s *mailScene, dir string, side int, user string) string {
	host, port, _ := net.SplitHostPort(s.addr[side]) // our own address, always well-formed
	security := "SSLType None"
	if s.line.tls {
		security = "SSLType IMAPS\nCertificateFile " + certificateFile(dir, side)
	}
	layout := "PathDelimiter /"
	if side == source {
		layout = "PathDelimiter .\nPath INBOX."
	}
	return fmt.Sprintf(`IMAPAccount side%[1]d
Host %[2]s
Port %[3]s
User %[4]s
Pass %[5]s
%[6]s

IMAPStore side%[1]d
Account side%[1]d
%[7]s

`, side, host, port, user, password, security, layout)
}
