// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rehome"
)

// The bounds of a connection. A profile takes as long as who asks for it says.
const (
	readWithin  = 10 * time.Second
	idleWithin  = 2 * time.Minute
	readyWithin = 5 * time.Second
	scrapesMost = 3
)

// Listener answers for a process until it is closed.
type Listener struct {
	Address string // host and port

	server *http.Server
	done   chan struct{}
}

// Listen opens an address, on this machine unless it names another host. The error is a *rehome.Fault.
func Listen(ctx context.Context, address string, move Move) (*Listener, error) {
	fault := func(err error) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "listen on", Object: address, Cause: err,
			Hint: "name a free port of this machine with --admin, such as 127.0.0.1:8026"}
	}
	at, err := addressOf(address)
	if err != nil {
		return nil, fault(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fault(err)
	}
	here := isLoopback(listener.Addr())
	l := &Listener{Address: listener.Addr().String(), done: make(chan struct{})}
	l.server = &http.Server{
		Handler: handler(move, here), ReadTimeout: readWithin, ReadHeaderTimeout: readWithin, IdleTimeout: idleWithin,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(l.done)
		_ = l.server.Serve(listener) // until it is closed
	}()
	return l, nil
}

// Close ends it, and what is being answered.
func (l *Listener) Close() {
	_ = l.server.Close() // nothing depends on it any more
	<-l.done
}

// addressOf puts an address that names no host on this machine: ":8026" and "8026" are 127.0.0.1:8026.
func addressOf(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port, err = net.SplitHostPort(":" + text)
	}
	if err != nil || port == "" {
		return "", errors.New("it is not a host and a port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func isLoopback(address net.Addr) bool {
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// handler answers. Profiles, which name the program's arguments and can slow it down, are only for who is on this machine.
func handler(move Move, here bool) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(move), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesMost, Timeout: standingWithin + readWithin,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, over := context.WithTimeout(r.Context(), readyWithin)
		defer over()
		if err := move.Ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		say(w, http.StatusOK, "ready")
	})
	if !here {
		return mux
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return namedHere(mux)
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // who has asked is gone
}

// namedHere refuses who names another host than this machine: a page that a browser shows could let its own name point here.
func namedHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if at, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !at.Unmap().IsLoopback()) {
			say(w, http.StatusMisdirectedRequest, "this server does not go by that name")
			return
		}
		next.ServeHTTP(w, r)
	})
}
