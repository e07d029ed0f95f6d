// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
)

// The webadmin user of the interface.
const (
	APIUser     = "admin@example.test"
	APIPassword = "webadmin-of-the-lab"
)

// API is the administration interface as far as the vendor documents it: Basic with every request, XML with
// a status, users/authenticate/ and users/permissionlist/. Everything else fails, and is remembered.
type API struct {
	URL string

	mu    sync.Mutex
	calls []string
}

// Calls returns the paths behind the URL that were asked for, in their order.
func (a *API) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.calls...)
}

const apiPath = "/admin/index.php/api/"

// StartAPI runs the interface over TLS in the server's lab.
func (s *Server) StartAPI() (*API, error) {
	certFile, keyFile, err := s.lab.Issue(hostName)
	if err != nil {
		return nil, err
	}
	addr, err := s.lab.Addr()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	api := &API{URL: "https://" + addr + apiPath}
	server := &http.Server{Handler: http.HandlerFunc(api.answer), ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, certFile, keyFile) }()
	return api, s.lab.OnClose(func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
}

func (a *API) answer(w http.ResponseWriter, r *http.Request) {
	call := strings.TrimPrefix(r.URL.Path, apiPath)
	a.mu.Lock()
	a.calls = append(a.calls, call)
	a.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != APIUser || password != APIPassword {
		w.Header().Set("WWW-Authenticate", `Basic realm="atmail"`)
		http.Error(w, "log in", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	switch call {
	case "users/authenticate/":
		say(w, "authenticate", "success", "")
	case "users/permissionlist/":
		say(w, "permissionlist", "success", "<permission>account.import</permission><permission>account.list</permission>"+
			"<permission>service.mailaliases.add</permission>")
	default:
		say(w, "error", "failed", "")
	}
}

func say(w io.Writer, call, status, more string) {
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><api generator="zend" version="1.0"><%[1]s><status>%[2]s</status>%[3]s</%[1]s></api>`,
		call, status, more)
}
