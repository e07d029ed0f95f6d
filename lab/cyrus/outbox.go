// SPDX-License-Identifier: Apache-2.0

package cyrus

import (
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"

	"rehome/lab"
)

// Outbox receives what a server wants to mail to people, by SMTP (RFC 5321), and keeps it. Nothing
// leaves the lab.
type Outbox struct {
	addr    string
	running sync.WaitGroup

	mu    sync.Mutex // guards what follows
	mails []Mail
	open  map[net.Conn]bool
}

// Mail is what was about to be sent.
type Mail struct {
	From string
	To   []string
	Text string
}

// Mails returns everything that has come so far.
func (o *Outbox) Mails() []Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.mails)
}

func openOutbox(room *lab.Room) (*Outbox, error) {
	addr, err := room.Addr()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open an outbox: %w", err)
	}
	o := &Outbox{addr: addr, open: map[net.Conn]bool{}}
	o.running.Go(func() { o.accept(listener) })
	return o, room.OnClose(func() error {
		err := listener.Close()
		o.mu.Lock()
		for conn := range o.open {
			_ = conn.Close() // whoever speaks there is done
		}
		o.mu.Unlock()
		o.running.Wait()
		return err
	})
}

func (o *Outbox) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		o.mu.Lock()
		o.open[conn] = true
		o.mu.Unlock()
		o.running.Go(func() {
			o.serve(textproto.NewConn(conn))
			o.mu.Lock()
			delete(o.open, conn)
			o.mu.Unlock()
		})
	}
}

// serve speaks the minimum of RFC 5321 section 4.5.1 until the client leaves.
func (o *Outbox) serve(conn *textproto.Conn) {
	defer conn.Close()
	var mail Mail
	answer := "220 outbox of the lab"
	for {
		if err := conn.PrintfLine("%s", answer); err != nil {
			return
		}
		line, err := conn.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, ":")
		switch verb = strings.ToUpper(verb); {
		case verb == "MAIL FROM":
			mail = Mail{From: path(rest)}
		case verb == "RCPT TO":
			mail.To = append(mail.To, path(rest))
		case verb == "DATA":
			if err := o.receive(conn, mail); err != nil {
				return
			}
		case verb == "QUIT":
			_ = conn.PrintfLine("221 bye") // the client leaves whatever it hears
			return
		}
		answer = "250 outbox.lab.test"
	}
}

func (o *Outbox) receive(conn *textproto.Conn, mail Mail) error {
	if err := conn.PrintfLine("354 go on"); err != nil {
		return err
	}
	text, err := conn.ReadDotBytes()
	if err != nil {
		return err
	}
	mail.Text = string(text)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append(o.mails, mail)
	return nil
}

// path is the address in "<address> PARAMETERS".
func path(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), ">")
	return strings.TrimPrefix(text, "<")
}
