// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"

	"rehome/lab"
)

// offlineimapTool runs offlineimap3 from IMAP to IMAP, a program for each account.
type offlineimapTool struct{}

func (offlineimapTool) name() string { return "offlineimap" }

func (offlineimapTool) traits() traits { return traits{slow: true} }

func (t offlineimapTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	path, err := lab.FindProgram("offlineimap", "offlineimap3")
	if err != nil {
		return nil, err
	}
	var programs []program
	for i, m := range moves {
		src, err := t.repository(s, source, m.src)
		if err != nil {
			return nil, err
		}
		dst, err := t.repository(s, destination, m.dst)
		if err != nil {
			return nil, err
		}
		file := fmt.Sprintf("offlineimap%d.conf", i)
		text := fmt.Sprintf(`[general]
accounts = move
metadata = %s

[Account move]
localrepository = side%d
remoterepository = side%d

%s
readonly = True
nametrans = lambda name: name.removeprefix('INBOX.')

%s`, filepath.Join(dir, fmt.Sprintf("metadata%d", i)), destination, source, src, dst)
		if err := writeSettings(dir, map[string]string{file: text}); err != nil {
			return nil, err
		}
		programs = append(programs, program{dir: dir, argv: []string{path, "-o", "-u", "quiet", "-c", file}, env: []string{"HOME=" + dir}})
	}
	return programs, nil
}

func (offlineimapTool) repository(s *mailScene, side int, user string) (string, error) {
	host, port, _ := net.SplitHostPort(s.addr[side]) // our own address, always well-formed
	security := "ssl = no\nstarttls = no"
	if s.line.tls {
		leaf, err := s.certificate(side)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(leaf.Raw)
		security = "ssl = yes\ncert_fingerprint = " + hex.EncodeToString(sum[:])
	}
	return fmt.Sprintf(`[Repository side%d]
type = IMAP
remotehost = %s
remoteport = %s
remoteuser = %s
remotepass = %s
maxconnections = 4
%s
`, side, host, port, user, password, security), nil
}
