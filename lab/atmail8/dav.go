// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rehome/lab"
)

// radicaleConfig raises the limits that would be met before the cloud's, which takes bodies of
// 100 MB.
const radicaleConfig = `[server]
hosts = %[2]s
max_connections = 100
max_content_length = 100000000
timeout = 60

[auth]
type = htpasswd
htpasswd_filename = %[1]s/htpasswd
htpasswd_encryption = plain
delay = 0

[rights]
type = owner_only

[storage]
filesystem_folder = %[1]s/collections

[web]
type = none
`

// collections are what an account has from the start.
var collections = map[string]string{
	"calendar": `{"tag": "VCALENDAR", "D:displayname": "Calendar", "C:supported-calendar-component-set": "VEVENT,VTODO"}`,
	"contacts": `{"tag": "VADDRESSBOOK", "D:displayname": "Contacts"}`,
}

func (s *Server) davName() string { return s.options.Name + "-dav" }

func (s *Server) davDir() string { return filepath.Join(s.lab.Dir(), s.davName()) }

// startDAV runs Radicale and a front door with TLS before it.
func (s *Server) startDAV() error {
	dir, err := s.lab.OwnedDir(s.davName())
	if err != nil {
		return err
	}
	addr, err := s.lab.Addr()
	if err != nil {
		return err
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, fmt.Appendf(nil, radicaleConfig, dir, addr), 0o644); err != nil {
		return err
	}
	if err := s.writeHtpasswd(); err != nil {
		return err
	}
	process, err := s.lab.Start(lab.Program{
		Name: s.davName(), Command: "radicale", Package: "radicale", AsOwner: true,
		Args: []string{"-C", config}, Ready: []string{addr},
	})
	if err != nil {
		return err
	}
	s.groups = []int{process.Pid()}
	s.DAVPlain = "http://" + addr + "/"
	s.DAV, err = s.openFrontDoor(&url.URL{Scheme: "http", Host: addr})
	return err
}

// asOwner lets the master user in as the account that it names, as a front door does that logs in by the rules of mail.
func (s *Server) asOwner(r *httputil.ProxyRequest) {
	name, password, _ := r.In.BasicAuth()
	address, isMaster := strings.CutSuffix(name, "*"+s.MasterUser)
	if !s.options.Master || !isMaster || password != s.MasterPassword {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if own, known := s.passwords[address]; known {
		r.Out.SetBasicAuth(address, own)
	}
}

// openFrontDoor serves TLS before the backend and returns the base URL.
func (s *Server) openFrontDoor(backend *url.URL) (string, error) {
	certFile, keyFile, err := s.lab.Issue(append([]string{hostName}, s.options.Hosts...)...)
	if err != nil {
		return "", err
	}
	addr, err := s.lab.Addr()
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	silent := log.New(io.Discard, "", 0)
	server := &http.Server{
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(backend)
				r.Out.Host = r.In.Host // MOVE and COPY compare it with their Destination
				s.asOwner(r)
				r.SetXForwarded()
			},
			ErrorLog: silent,
		},
		ErrorLog: silent,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, certFile, keyFile) }()
	return "https://" + addr + "/", s.lab.OnClose(func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
}

// writeHtpasswd lists the accounts for Radicale, which reads the file at every log-in.
func (s *Server) writeHtpasswd() error {
	if s.options.NoDAV {
		return nil
	}
	var text strings.Builder
	for _, address := range slices.Sorted(maps.Keys(s.passwords)) {
		fmt.Fprintf(&text, "%s:%s\n", address, s.passwords[address])
	}
	path := filepath.Join(s.davDir(), "htpasswd")
	if err := s.writeOwned(path+".new", text.String()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// createCollections makes the default calendar and address book, as a log-in to the cloud finds
// them. Those of an account that existed before are left as they are.
func (s *Server) createCollections(address string) error {
	if s.options.NoDAV {
		return nil
	}
	for name, properties := range collections {
		dir, err := s.lab.OwnedDir(s.davName(), "collections", "collection-root", address, name)
		if err != nil {
			return err
		}
		props := filepath.Join(dir, ".Radicale.props")
		if _, err := os.Stat(props); err == nil {
			continue
		}
		if err := s.writeOwned(props, properties); err != nil {
			return err
		}
	}
	return nil
}

// Stored returns the folder in which a collection of an account lies, a file for each object.
func (s *Server) Stored(address, name string) string {
	return filepath.Join(s.davDir(), "collections", "collection-root", address, name)
}

func (s *Server) writeOwned(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	uid, gid := s.lab.Owner()
	return os.Chown(path, uid, gid)
}
