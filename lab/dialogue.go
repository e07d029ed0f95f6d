// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

const dialoguePatience = 20 * time.Second

// Dialogue is one connection of a line protocol such as IMAP, POP3, ManageSieve or LMTP, for a
// short talk in a test or a look at a server. It is no client: it knows no literals, and the
// caller says what the last line of an answer looks like.
type Dialogue struct {
	conn   net.Conn
	reader *bufio.Reader
}

// Dial connects to a server, with TLS from the first byte if config is not nil. The caller
// closes the dialogue. Everything in it must be over within 20 seconds.
func Dial(ctx context.Context, addr string, config *tls.Config) (*Dialogue, error) {
	ctx, cancel := context.WithTimeout(ctx, dialoguePatience)
	defer cancel()
	var conn net.Conn
	var err error
	if config == nil {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", addr)
	} else {
		conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(dialoguePatience)); err != nil {
		return nil, err
	}
	return &Dialogue{conn: conn, reader: bufio.NewReader(conn)}, nil
}

// Say sends a line.
func (d *Dialogue) Say(line string) error {
	_, err := fmt.Fprintf(d.conn, "%s\r\n", line)
	return err
}

// Hear reads lines up to and including the first that begins with one of the prefixes. It
// returns all of them without their line ends, also when it fails.
func (d *Dialogue) Hear(prefixes ...string) ([]string, error) {
	var lines []string
	for {
		line, err := d.reader.ReadString('\n')
		if err != nil {
			return lines, fmt.Errorf("wait for a line with %q: %w", prefixes, err)
		}
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, line)
		for _, prefix := range prefixes {
			if strings.HasPrefix(line, prefix) {
				return lines, nil
			}
		}
	}
}

// Ask is Say and Hear. It returns the last line of the answer and the lines before it.
func (d *Dialogue) Ask(line string, prefixes ...string) (last string, before []string, err error) {
	if err := d.Say(line); err != nil {
		return "", nil, err
	}
	lines, err := d.Hear(prefixes...)
	if err != nil {
		return "", lines, err
	}
	return lines[len(lines)-1], lines[:len(lines)-1], nil
}

// StartTLS makes the connection a TLS one. The caller has talked the server into it.
func (d *Dialogue) StartTLS(ctx context.Context, config *tls.Config) error {
	conn := tls.Client(d.conn, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	d.conn, d.reader = conn, bufio.NewReader(conn)
	return nil
}

// Close hangs up.
func (d *Dialogue) Close() error { return d.conn.Close() }
