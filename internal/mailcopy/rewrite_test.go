// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// rewrite returns the address of a proxy that changes the lines which a server says.
func rewrite(t testing.TB, server string, change func(line []byte) []byte) string {
	t.Helper()
	return proxied(t, func(client net.Conn) { rewriteLines(client, server, change) })
}

// proxied returns the address of a proxy that serves each connection in its own way.
func proxied(t testing.TB, serve func(client net.Conn)) string {
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
			go serve(client)
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

var literalPlus = regexp.MustCompile(`\{([0-9]+)\+\}\r\n$`)

// refusing returns the address of a proxy that answers the lines which refuses says, in the place of the server, with a tag and the given
// words. APPENDs among them are of one message, and do not wait for leave to send it.
func refusing(t testing.TB, server, words string, refuses func(line string) bool) string {
	t.Helper()
	return proxied(t, func(client net.Conn) {
		defer func() { _ = client.Close() }()
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer func() { _ = upstream.Close() }()
		go func() { _, _ = io.Copy(client, upstream) }() // until either is gone
		for in := bufio.NewReader(client); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if !refuses(line) {
				_, _ = io.WriteString(upstream, line)
				continue
			}
			if size := literalPlus.FindStringSubmatch(line); size != nil {
				octets, _ := strconv.ParseInt(size[1], 10, 64) // digits, by the expression
				_, _ = io.CopyN(io.Discard, in, octets+int64(len("\r\n")))
			}
			tag, _, _ := strings.Cut(line, " ")
			fmt.Fprintf(client, "%s %s\r\n", tag, words)
		}
	})
}
