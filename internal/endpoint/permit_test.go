// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// Where a permit is gone, nothing more is written, however it is written, and the connection ends: what had begun never becomes whole.
func TestHost_writesNothingWithoutAPermit(t *testing.T) {
	t.Parallel()
	gone := errors.New("the account is lost")
	for name, write := range map[string]func(net.Conn, string) error{
		"write": func(c net.Conn, text string) error { _, err := io.WriteString(c, text); return err },
		"copy":  func(c net.Conn, text string) error { _, err := io.Copy(c, strings.NewReader(text)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			received := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				all, _ := io.ReadAll(conn)
				received <- string(all)
			}()
			var asked, most atomic.Int64
			most.Store(1)
			host := NewHost(HostSettings{Permit: func() error {
				if asked.Add(1) > most.Load() {
					return gone
				}
				return nil
			}})
			conn, err := host.permitted(nil)(context.Background(), "tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if _, is := conn.(interface{ SetLinger(int) error }); !is {
				t.Error("what can be set on a connection is hidden")
			}
			if err := write(conn, "a message that is"); err != nil {
				t.Fatal(err)
			}
			if err := write(conn, " never whole"); !errors.Is(err, gone) {
				t.Errorf("%v, want %v", err, gone)
			}
			if got := <-received; got != "a message that is" {
				t.Errorf("received %q", got)
			}
		})
	}
}

// A permit is good for a part of what is written, and not for all of it.
func TestHost_asksForEachPart(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	read := make(chan struct{})
	go func() { defer close(read); _, _ = io.Copy(io.Discard, far) }()
	defer func() { _ = near.Close(); <-read }()
	asked := 0
	host := NewHost(HostSettings{Permit: func() error { asked++; return nil }})
	conn, err := host.permitted(func(context.Context, string, string) (net.Conn, error) { return near, nil })(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	n, err := conn.Write(make([]byte, 3*permittedPart+1))
	if err != nil || n != 3*permittedPart+1 || asked != 4 {
		t.Errorf("wrote %d, %v, asked %d times", n, err, asked)
	}
}
