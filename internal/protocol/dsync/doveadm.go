// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// DoveadmOptions say how a server's doveadm service is reached (doc: "Doveadm protocol", doveadm-protocol.h). There is no usual
// port. Its password opens every account.
type DoveadmOptions struct {
	Address  string // host:port
	Security protocol.Security
	TLS      *tls.Config // nil means verified by the system's roots; ServerName is filled in
	Password string      // doveadm_password
	User     string      // whose mailboxes
	Timeout  time.Duration
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

const connectTimeout = 30 * time.Second

// doveadmVersion announces minor version 0: from 1 on what is behind the command would be multiplexed with a log.
const doveadmVersion = "VERSION\tdoveadm-server\t1\t0\n"

// DialDoveadm connects, logs in, and starts a dsync-server for the user. A *RefusedError is an answer of the server.
func DialDoveadm(ctx context.Context, options DoveadmOptions) (Stream, error) {
	if strings.ContainsAny(options.User, "\t\r\n\x00\x01") || options.User == "" {
		return nil, fmt.Errorf("dsync: the user %q cannot be named in a command", options.User)
	}
	if options.Security == protocol.StartTLS { // it came with a version that multiplexes, see doveadmVersion
		return nil, errors.New("dsync: doveadm is reached with TLS from the first octet, or without; not by STARTTLS")
	}
	if options.Timeout == 0 {
		options.Timeout = connectTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, options.Timeout)
	defer cancel()
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", options.Address)
	if err != nil {
		return nil, err
	}
	end := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // of a broken connection the next read tells
	started, err := startServer(ctx, conn, options)
	if !end() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		return started, nil
	}
	_ = conn.Close() // err says why
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return nil, err
}

func startServer(ctx context.Context, conn net.Conn, options DoveadmOptions) (Stream, error) {
	var err error
	if options.Security == protocol.ImplicitTLS {
		if conn, err = encrypt(ctx, conn, options); err != nil {
			return nil, err
		}
	}
	in := bufio.NewReader(io.LimitReader(conn, maxGreeting))
	if _, err := io.WriteString(conn, doveadmVersion); err != nil {
		return nil, err
	}
	if err := logIn(conn, in, options.Password); err != nil {
		return nil, err
	}
	command := "\t" + options.User + "\tdsync-server\t-u" + options.User + "\n"
	if _, err := io.WriteString(conn, command); err != nil {
		return nil, err
	}
	if err := readStarted(in); err != nil {
		return nil, err
	}
	return &begun{Conn: conn, in: in}, nil
}

const maxGreeting = 64 << 10

// logIn answers to "-", which asks for authentication; "+" says that none is needed.
func logIn(conn net.Conn, in *bufio.Reader, password string) error {
	line, err := readLine(in)
	if err != nil {
		return fmt.Errorf("read the greeting: %w", plainCause(err))
	}
	switch line {
	case "+":
		return nil
	case "-":
	default:
		return &SyntaxError{fmt.Sprintf("%q is not the greeting of doveadm", printable(line[:min(len(line), 200)]))}
	}
	token := base64.StdEncoding.EncodeToString([]byte("\x00doveadm\x00" + password))
	if _, err := io.WriteString(conn, "PLAIN\t"+token+"\n"); err != nil {
		return err
	}
	line, err = readLine(in)
	if errors.Is(err, io.EOF) { // it ends the connection of one that guesses
		return &RefusedError{"the log-in to doveadm", "the server has ended the connection", true}
	}
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	if line != "+" {
		return &RefusedError{"the log-in to doveadm", "wrong password (answer " + printable(line) + ")", true}
	}
	return nil
}

// readStarted reads what a command prints, which is nothing, and its status. dsync begins behind it, and not earlier: a
// handshake that comes before it is lost (Dovecot 2.3.8).
func readStarted(in *bufio.Reader) error {
	for range 2 {
		line, err := readLine(in)
		if err != nil {
			return fmt.Errorf("start the dsync-server: %w", plainCause(err))
		}
		switch {
		case line == "":
			continue
		case line == "+":
			return nil
		case strings.HasPrefix(line, "-"):
			return &RefusedError{"the start of the dsync-server", statusWords(line[1:]), false}
		}
		return &SyntaxError{fmt.Sprintf("%q is not the status of a command", printable(line[:min(len(line), 200)]))}
	}
	return &SyntaxError{"a command without a status"}
}

// statusWords explains the codes of doveadm (doveadm-protocol.c, doveadm_exit_codes).
func statusWords(code string) string {
	switch code {
	case "NOUSER":
		return "the server does not know the user (NOUSER)"
	case "NOREPLICATE":
		return "the user is excluded from dsync (NOREPLICATE)"
	case "":
		return "the server gives no reason; its log has it"
	}
	return "the server says " + printable(code)
}

func encrypt(ctx context.Context, conn net.Conn, options DoveadmOptions) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if options.TLS != nil {
		config = options.TLS.Clone()
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(options.Address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	return secured, secured.HandshakeContext(ctx)
}

// begun is a connection of which a part was read ahead.
type begun struct {
	net.Conn
	in *bufio.Reader
}

// Read gives what was read ahead first.
func (b *begun) Read(p []byte) (int, error) {
	if b.in.Buffered() > 0 {
		return b.in.Read(p[:min(len(p), b.in.Buffered())])
	}
	return b.Conn.Read(p)
}
