// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// rewrite returns the address of a proxy that changes the lines which a server says.
func rewrite(t testing.TB, server string, change func(line []byte) []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go rewriteLines(client, server, change)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close() // ends Accept
		<-done
	})
	return listener.Addr().String()
}

func rewriteLines(client net.Conn, address string, change func(line []byte) []byte) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, client) // until either is gone
		_ = server.Close()
	}()
	for in := bufio.NewReader(server); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if _, err := client.Write(change(line)); err != nil {
			return
		}
	}
}
