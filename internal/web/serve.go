// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"rehome"
)

// The bounds of a connection. Writing has none of its own: the stream of a page that is watched goes on.
const (
	readWithin = 10 * time.Second
	idleWithin = 2 * time.Minute
	stopWithin = 5 * time.Second
	maxHeader  = 16 << 10
)

// Listen opens the address that the screen is at. It has to be one of this machine: what comes from others comes by a reverse proxy with
// HTTPS, whose certificate people know.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	fault := func(cause error, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "listen on", Object: address, Cause: cause, Hint: hint}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault(err, "choose a free port of this machine, such as 127.0.0.1:8025")
	}
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		_ = listener.Close() // it was not used
		return nil, fault(errors.New("it can be reached from other machines without TLS"),
			"listen on 127.0.0.1, put a web server with HTTPS in front of it, and name that with --host")
	}
	return listener, nil
}

// Serve answers until the context ends.
func (s *Screen) Serve(ctx context.Context, listener net.Listener) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: s, ReadTimeout: readWithin, ReadHeaderTimeout: readWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0), BaseContext: func(net.Listener) context.Context { return base },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	var err error
	select {
	case err = <-failed:
		err = &rehome.Fault{Class: rehome.ClassTemporary, Op: "serve at", Object: listener.Addr().String(), Cause: err}
	case <-ctx.Done():
		end() // pages that are watched
		stopping, stopped := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer stopped()
		if server.Shutdown(stopping) != nil {
			_ = server.Close() // whoever has not got the answer by now does not get it
		}
		if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
			err = ended
		}
	}
	s.Close()
	return err
}
