// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"math"
	"net"
	"net/textproto"
	"strings"
	"testing"

	"rehome"
)

// dropbox is a service that is nobody's: all that another one needs beside its own protocol.
type dropbox struct {
	service
	address string
}

func newDropbox(host *Host, address string) *dropbox {
	h := &dropbox{service: newService(host, "pop3", address, "connections", math.MaxInt), address: address}
	h.lockout = newLockout(h.side, "check the password")
	return h
}

// read logs in and returns what is there.
func (h *dropbox) read(ctx context.Context, account rehome.Account) (found string, err error) {
	if err := h.gate.enter(ctx); err != nil {
		return "", err
	}
	defer h.gate.leave()
	err = h.attempt(ctx, account, func() error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.address)
		if err != nil {
			return err
		}
		text := textproto.NewConn(conn)
		defer text.Close()
		if err := h.ask(text, "PASS "+passwordAt(h.side, account).Reveal()); err != nil {
			return &rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: loginAt(h.side, account), Cause: err, Hint: h.lockout.hint}
		}
		found, err = text.ReadLine()
		return err
	})
	if err != nil {
		return "", err
	}
	return found, h.host.pay(ctx, len(found))
}

func (h *dropbox) ask(text *textproto.Conn, command string) error {
	if err := text.PrintfLine("%s", command); err != nil {
		return err
	}
	answer, err := text.ReadLine()
	if err == nil && strings.HasPrefix(answer, "-ERR") {
		h.patience.slow(usualPause, answer)
		err = errors.New(answer)
	}
	return err
}

// Another service is one file: it is counted, paced, locked out and slowed like the others without a line elsewhere.
func TestService_anotherOneIsOneFile(t *testing.T) {
	t.Parallel()
	var said []string
	host := NewHost(HostSettings{Side: rehome.Source, Connections: 1, BytesPerSecond: 1, Slowed: func(s string) { said = append(said, s) }})
	good := newDropbox(host, serve(t, "+OK in\r\nhello"))
	before := host.pace.Tokens()
	if found, err := good.read(within(t), anna()); err != nil || found != "hello" {
		t.Fatalf("%q, %v", found, err)
	}
	if paid := before - host.pace.Tokens(); paid <= 0 || paid > 5 {
		t.Errorf("%.1f octets were paid, want 5", paid)
	}
	bad := newDropbox(host, serve(t, "-ERR [SYS/TEMP] busy"))
	for range 2 { // the second is not tried
		if _, err := bad.read(within(t), anna()); rehome.ClassOf(err) != rehome.ClassAuth {
			t.Errorf("%v, want a refusal", err)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "the source asks to slow down") {
		t.Errorf("said %q", said)
	}
	if host.gate.taken() != 0 {
		t.Errorf("%d places are taken by nobody", host.gate.taken())
	}
}
