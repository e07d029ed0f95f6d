// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"time"

	"rehome"
)

// talk is one SMTP session that never comes to DATA.
type talk struct {
	probe  Probe
	conn   net.Conn
	client *smtp.Client
	stop   func() bool // of the watch over the context
}

// connect opens a session up to and including EHLO, with TLS where that is to be had.
func (p Probe) connect(ctx context.Context) (*talk, error) {
	conn, err := (&net.Dialer{Timeout: p.Timeout}).DialContext(ctx, "tcp", p.Host.Address)
	if err != nil {
		return nil, p.fault("connect to", err)
	}
	t := &talk{probe: p, conn: conn}
	t.stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends whatever read is waiting
	if err := t.greet(); err != nil {
		t.quit()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return t, nil
}

func (t *talk) greet() error {
	t.patience()
	host, _, err := net.SplitHostPort(t.probe.Host.Name)
	if err != nil {
		return t.probe.fault("read address", err)
	}
	if t.client, err = smtp.NewClient(t.conn, host); err != nil {
		return t.probe.fault("greet", err)
	}
	if err := t.client.Hello(t.probe.Name); err != nil {
		return t.probe.fault("greet", err)
	}
	offered, _ := t.client.Extension("STARTTLS")
	switch {
	case t.probe.Plain:
		return nil
	case !offered && t.probe.StartTLS:
		return &rehome.Fault{Class: rehome.ClassUntrusted, Op: "start TLS with", Object: t.probe.Host.String(),
			Cause: errors.New("the host does not offer STARTTLS"),
			Hint:  "ask its operators, or set destination.mx.tls: none"}
	case !offered:
		return nil
	}
	settings := &tls.Config{}
	if t.probe.TLS != nil {
		settings = t.probe.TLS.Clone()
	}
	if settings.ServerName == "" {
		settings.ServerName = host
	}
	if err := t.client.StartTLS(settings); err != nil {
		return &rehome.Fault{Class: rehome.ClassUntrusted, Op: "start TLS with", Object: t.probe.Host.String(), Cause: err,
			Hint: "name its certificate authority in destination.mx.ca_file, pin its key, or set destination.mx.tls: none"}
	}
	return nil
}

// patience gives the host its time for the next command.
func (t *talk) patience() {
	if t.probe.Timeout > 0 {
		_ = t.conn.SetDeadline(time.Now().Add(t.probe.Timeout)) // fails on a closed connection, and so does the next command
	}
}

// ask asks about one address in a transaction of its own, so that no answer depends on the ones
// before and no limit of recipients counts. The error is about the host.
func (t *talk) ask(address string) (Reply, error) {
	t.patience()
	if err := t.client.Mail(t.probe.Sender); err != nil {
		return Reply{}, t.probe.fault("name a sender to", err)
	}
	reply, err := t.recipient(address)
	if err != nil {
		return Reply{}, err
	}
	if err := t.client.Reset(); err != nil {
		return Reply{}, t.lost(err)
	}
	return reply, nil
}

func (t *talk) recipient(address string) (Reply, error) {
	err := t.client.Rcpt(address)
	var said *textproto.Error
	switch {
	case err == nil:
		return Reply{Address: address, Answer: Accepted, Code: 250}, nil
	case !errors.As(err, &said):
		return Reply{}, t.lost(err)
	case said.Code == 421: // closes the connection, RFC 5321 section 3.8
		return Reply{}, &enoughError{words: words(said)}
	case said.Code >= 400 && said.Code < 500:
		return Reply{Address: address, Answer: Deferred, Code: said.Code, Server: words(said)}, nil
	case said.Code == 503 || said.Code == 530 || said.Code == 521: // wants a log-in, or takes no mail at all (RFC 7504)
		return Reply{}, t.probe.fault("ask for recipients at", err)
	}
	return Reply{Address: address, Answer: Refused, Code: said.Code, Server: words(said)}, nil
}

// lost is a connection that ended in the middle: hosts do that too when they have had enough.
func (t *talk) lost(err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		return t.probe.fault("ask for recipients at", err)
	}
	return &enoughError{words: "the connection was lost: " + err.Error()}
}

// quit ends the session in order where it can, and closes the connection in every case.
func (t *talk) quit() {
	t.patience()
	if t.client != nil {
		_ = t.client.Quit() // a host that does not answer it has nothing left to lose
	}
	t.stop()
	_ = t.conn.Close() // closed by QUIT already, as a rule
}
