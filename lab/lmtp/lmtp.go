// SPDX-License-Identifier: Apache-2.0

// Package lmtp hands messages to the servers of a lab as a mail transport would, so that people's
// rules run (RFC 2033).
//
// Deliver does all of it for one recipient; there is no TLS and no log-in.
package lmtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"
)

// patience is enough for rules that answer and forward.
const patience = 30 * time.Second

// Deliver hands one message to the server at address. from is the envelope's sender, empty for a notice
// that nobody answers.
func Deliver(ctx context.Context, address, from, to string, message []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	session := textproto.NewConn(conn)
	defer func() { err = errors.Join(err, session.Close()) }()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return err
	}
	if _, _, err := session.ReadResponse(220); err != nil {
		return fmt.Errorf("LMTP greeting: %w", err)
	}
	for _, step := range []struct {
		line string
		code int
	}{{"LHLO lab.test", 250}, {"MAIL FROM:<" + from + ">", 250}, {"RCPT TO:<" + to + ">", 250}, {"DATA", 354}} {
		if err := session.PrintfLine("%s", step.line); err != nil {
			return err
		}
		if _, _, err := session.ReadResponse(step.code); err != nil {
			return fmt.Errorf("%s: %w", step.line, err)
		}
	}
	body := session.DotWriter()
	if _, err := body.Write(message); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	if _, _, err := session.ReadResponse(250); err != nil { // of the one recipient, section 4.2
		return fmt.Errorf("deliver to %s: %w", to, err)
	}
	return nil
}
