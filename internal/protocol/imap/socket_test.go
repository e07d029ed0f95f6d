// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome/internal/protocol"
)

// A server that reads only when it is told to, and counts. What a client has handed to its kernel and the
// server's kernel has not taken never reaches the server when the client is gone.
func TestClose_dropsWhatIsUnsent(t *testing.T) {
	t.Parallel()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	read, total := make(chan struct{}), make(chan int64, 1)
	go func() {
		conn, err := listener.AcceptTCP()
		if err != nil {
			total <- -1
			return
		}
		defer conn.Close()
		_ = conn.SetReadBuffer(16 << 10)
		fmt.Fprintf(conn, "* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\r\n")
		in := bufio.NewReaderSize(conn, 16)
		if _, err := in.ReadString('\n'); err != nil { // up to the first literal
			total <- -1
			return
		}
		<-read
		n, _ := io.Copy(io.Discard, in)
		total <- n
	}()
	client, err := Dial(t.Context(), Options{Address: listener.Addr().String(), Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const size = 64 << 20
	body := &counted{Reader: io.LimitReader(endless{}, size)}
	written := make(chan error, 1)
	go func() {
		a, err := client.Append(ctx, "INBOX")
		if err == nil {
			err = a.Message(ctx, nil, time.Time{}, size, body)
		}
		written <- err
	}()
	handed := body.stands(t)
	_ = client.Close()
	if err := <-written; err == nil {
		t.Fatal("the message was sent")
	}
	close(read)
	got := <-total
	t.Logf("%d octets handed over, %d reached the server", handed, got)
	if got < 0 || got > handed-unsentLimit/2 {
		t.Errorf("%d of %d octets reached the server after the client was gone", got, handed)
	}
}

// An orderly end is one to the server: after the answer to LOGOUT it reads the end of the stream, no error.
func TestLogout_endsInOrderAfterAnAppend(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ended := make(chan error, 1)
	go func() { ended <- serveOneAppend(listener) }()
	client, err := Dial(t.Context(), Options{Address: listener.Addr().String(), Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	a, err := client.Append(t.Context(), "INBOX")
	if err == nil {
		err = a.Message(t.Context(), nil, time.Time{}, 4, strings.NewReader("a\r\nb"))
	}
	if err == nil {
		err = a.Finish()
	}
	if err == nil {
		_, err = a.Wait(t.Context())
	}
	if err == nil {
		err = client.Logout(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server met %v, want the end of the stream", err)
	}
}

// serveOneAppend answers an APPEND and a LOGOUT and returns how the connection ended; nil is in order.
func serveOneAppend(listener net.Listener) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\r\n")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		tag, _, _ := strings.Cut(line, " ")
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case strings.Contains(line, "LOGOUT"):
			fmt.Fprintf(conn, "* BYE\r\n%s OK bye\r\n", tag)
		case strings.Contains(line, "APPEND"):
			if _, err := io.CopyN(io.Discard, in, 6); err != nil {
				return err
			}
			fmt.Fprintf(conn, "%s OK done\r\n", tag)
		}
	}
}

// endless is a text without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// counted tells how much was read.
type counted struct {
	io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// stands returns how much was read when nothing has been for a while.
func (c *counted) stands(t *testing.T) int64 {
	t.Helper()
	last := int64(-1)
	for range 100 {
		now := c.n.Load()
		if now > 0 && now == last {
			return now
		}
		last = now
		<-time.After(200 * time.Millisecond)
	}
	t.Fatal("the client never stands still")
	return 0
}
