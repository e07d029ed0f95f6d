// SPDX-License-Identifier: Apache-2.0

package thunderbird

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"

	"rehome/lab"
)

// proxy is what the program's whole traffic goes through: it knows the few places that there are, and lets nobody out.
type proxy struct {
	*http.Server
	address string
	places  map[string]string // "autoconfig.example.com:443" to where that is on this machine

	mu    sync.Mutex
	asked []string
}

func newProxy(l *lab.Lab, places map[string]string) (*proxy, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(l.Host(), "0"))
	if err != nil {
		return nil, err
	}
	p := &proxy{address: listener.Addr().String(), places: places}
	p.Server = &http.Server{Handler: p}
	go func() { _ = p.Serve(listener) }() // ends with Close
	return p, l.OnClose(p.Close)
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if r.Method != http.MethodConnect && r.URL.Port() == "" {
		host = net.JoinHostPort(r.URL.Hostname(), "80")
	}
	p.mu.Lock()
	p.asked = append(p.asked, host)
	p.mu.Unlock()
	local, there := p.places[host]
	switch {
	case !there:
		w.WriteHeader(http.StatusBadGateway)
	case r.Method == http.MethodConnect:
		p.tunnel(w, r, local)
	default:
		(&httputil.ReverseProxy{Rewrite: func(out *httputil.ProxyRequest) { out.Out.URL.Host = local }}).ServeHTTP(w, r)
	}
}

func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request, local string) {
	there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", local)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	copied := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // whoever ends, ends both
		cancel()
	}
	go copied(there, here)
	go copied(here, there)
	<-ctx.Done()
}
