// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"rehome"
)

// The bounds of a connection. A request of a mail program is below 1 kB and comes at once.
const (
	readWithin  = 10 * time.Second
	writeWithin = 15 * time.Second
	idleWithin  = 30 * time.Second
	stopWithin  = 10 * time.Second
	maxHeader   = 8 << 10
)

// ServeOptions say where a responder listens.
type ServeOptions struct {
	Listen   string    // address and port
	Pairs    *KeyPairs // nil: plain HTTP, only on a loopback address, behind a proxy
	Redirect string    // address and port for requests without TLS, which are sent on; "" is none
	Ready    func(addresses []string)
}

// Serve answers until the context ends, then finishes the answers that are under way. An address that cannot be listened on
// is a Fault of ClassOperator.
func Serve(ctx context.Context, responder *Responder, options ServeOptions) error {
	main, err := listen(ctx, options.Listen)
	if err != nil {
		return err
	}
	if options.Pairs == nil && !isLoopback(main.Addr()) {
		_ = main.Close()
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "listen on", Object: options.Listen, Cause: errors.New("there is no certificate"),
			Hint: "name one in clients.certificates, or listen on 127.0.0.1 behind a reverse proxy"}
	}
	ofPeer := mostOfPeer
	if options.Pairs == nil {
		ofPeer = mostConnections // the proxy has them all
	} else {
		main = tlsListener(newGate(main, mostConnections, ofPeer), options.Pairs)
	}
	servers := map[*http.Server]net.Listener{server(responder): main}
	addresses := []string{main.Addr().String()}
	if options.Redirect != "" {
		plain, err := listen(ctx, options.Redirect)
		if err != nil {
			_ = main.Close()
			return err
		}
		addresses = append(addresses, plain.Addr().String())
		servers[server(http.HandlerFunc(responder.toTLS))] = newGate(plain, mostConnections, ofPeer)
	}
	if options.Ready != nil {
		options.Ready(addresses)
	}
	return serveAll(ctx, servers)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "listen on", Object: address, Cause: err,
			Hint: "choose a free port, and for one below 1024 start rehome as root or with the capability CAP_NET_BIND_SERVICE"}
	}
	return listener, nil
}

func isLoopback(address net.Addr) bool {
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// tlsListener resumes sessions, by tickets whose keys change by themselves. It leaves out the exchange of keys that withstands quantum
// computers: it takes half of the time of a handshake, and protects what is recorded today and read in twenty years. Nothing that
// goes over these connections is secret then.
func tlsListener(inner net.Listener, pairs *KeyPairs) net.Listener {
	return tls.NewListener(inner, &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: pairs.Certificate, NextProtos: []string{"h2", "http/1.1"},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384},
	})
}

// server bounds everything that a client can make it wait for or hold. Its own complaints name clients by their IP address, and are
// about clients.
func server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadTimeout: readWithin, ReadHeaderTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleWithin,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serveAll runs the servers until the context ends or one of them fails.
func serveAll(ctx context.Context, servers map[*http.Server]net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for s, listener := range servers {
		all.Go(func() {
			if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				cancel(&rehome.Fault{Class: rehome.ClassTemporary, Op: "serve at", Object: listener.Addr().String(), Cause: err})
			}
		})
	}
	<-ctx.Done()
	stopping, stopped := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer stopped()
	for s := range servers {
		all.Go(func() {
			if s.Shutdown(stopping) != nil {
				_ = s.Close() // whoever has not got the answer by now does not get it
			}
		})
	}
	all.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// toTLS sends a request without TLS on to the same host with it, if that is one of ours: no document is given to whoever is on the
// line. Outlook learns there that it is to be redirected, and Thunderbird follows.
func (r *Responder) toTLS(w http.ResponseWriter, request *http.Request) {
	given := notFound("without TLS")
	host, valid := asciiHost(withoutPort(request.Host))
	path := url.URL{Path: request.URL.Path, RawPath: request.URL.RawPath, RawQuery: request.URL.Query().Encode()}
	if _, ours := r.domainOf(request.Host); ours && valid && strings.HasPrefix(path.Path, "/") {
		given = answer{kind: "without TLS", status: http.StatusFound, location: "https://" + host + path.RequestURI()}
	}
	if !r.peers.allow(r.peerOf(request)) {
		given = answer{kind: "limit", status: http.StatusTooManyRequests}
	}
	write(w, request, given)
}
