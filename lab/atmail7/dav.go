// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"rehome/lab"
)

//go:embed server.php
var serverPHP []byte

// sabreAutoload is where Debian puts SabreDAV.
const sabreAutoload = "/usr/share/php/Sabre/autoload.php"

func (s *Server) startDAV() error {
	if err := lab.NeedFile(sabreAutoload, "php-sabre-dav"); err != nil {
		return err
	}
	name := s.options.Name + "-dav"
	dir, err := s.lab.OwnedDir(name)
	if err != nil {
		return err
	}
	script := filepath.Join(dir, "server.php")
	if err := os.WriteFile(script, serverPHP, 0o644); err != nil {
		return err
	}
	addr, err := s.lab.Addr()
	if err != nil {
		return err
	}
	process, err := s.lab.Start(lab.Program{
		Name: name, Command: "php", Package: "php-cli", AsOwner: true,
		Args: []string{"-d", "opcache.enable_cli=1", "-d", "memory_limit=256M", "-S", addr, script},
		Env: []string{
			// The built-in server handles one request at a time in each worker.
			"PHP_CLI_SERVER_WORKERS=4",
			"LAB_SOCKET=" + s.Socket, "LAB_DATABASE=" + database, "LAB_USER=" + writer, "LAB_PASSWORD=" + writerPassword,
			"LAB_DIGEST=" + flag(s.options.Digest), "LAB_GROUPS=" + flag(s.has("Groups") && s.has("Users")),
		},
		Ready: []string{addr},
	})
	if err != nil {
		return err
	}
	s.groups = append(s.groups, process.Pid())
	s.DAV = "http://" + addr + "/"
	if err := checkDAV(s.DAV); err != nil {
		return fmt.Errorf("%w (it needs php-mysql, php-xml and php-mbstring); its last words:\n%s", err, process.LogTail())
	}
	return nil
}

// checkDAV makes sure that the script runs: it must ask a stranger to log in.
func checkDAV(url string) error {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("it answers %s instead of asking for a login", answer.Status)
	}
	return nil
}

// flag renders a switch as PHP's getenv callers read it: the empty string is false.
func flag(on bool) string {
	if on {
		return "1"
	}
	return ""
}
