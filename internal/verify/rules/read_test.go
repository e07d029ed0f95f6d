// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
)

// scripted is a ManageSieve server that answers LISTSCRIPTS and GETSCRIPT as it is told, by how often it was asked to list.
func scripted(t *testing.T, list func(asked int) []string, get func(asked int, name string) string) Scripts {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var asked atomic.Int64
	serve := func(conn net.Conn) {
		defer conn.Close()
		greeting := "\"IMPLEMENTATION\" \"scripted\"\r\n\"SASL\" \"PLAIN\"\r\n\"SIEVE\" \"fileinto\"\r\n\"VERSION\" \"1.0\"\r\nOK\r\n"
		fmt.Fprint(conn, greeting)
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			word, name, _ := strings.Cut(lines.Text(), " ")
			if strings.HasSuffix(name, "+}") && lines.Scan() { // a literal, which holds no line end here
				name = lines.Text()
			}
			switch word {
			case "CAPABILITY":
				fmt.Fprint(conn, greeting)
			case "LISTSCRIPTS":
				for _, name := range list(int(asked.Add(1))) {
					fmt.Fprintf(conn, "%q\r\n", name)
				}
				fmt.Fprint(conn, "OK\r\n")
			case "GETSCRIPT":
				fmt.Fprint(conn, get(int(asked.Load()), name))
			default:
				fmt.Fprint(conn, "OK\r\n")
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return endpoint.NewSieve(endpoint.ServiceSettings{Address: listener.Addr().String(), Security: protocol.NoTLS})
}

var anna = rehome.Account{Address: "anna@example.test", SourcePassword: rehome.NewSecret("secret"), DestinationPassword: rehome.NewSecret("secret")}

// A script that its user deletes or renames between the list and its turn is no reason to know nothing.
func TestRead_whileScriptsChange(t *testing.T) {
	t.Parallel()
	const kept, gone = "\"keep;\"\r\nOK\r\n", "NO (NONEXISTENT) \"no such script\"\r\n"
	for name, c := range map[string]struct {
		list func(asked int) []string
		get  func(asked int, name string) string

		names, fault string
	}{
		"one is deleted meanwhile": {func(asked int) []string { return []string{"a", "b"}[:max(3-asked, 1)] }, func(_ int, name string) string {
			return map[string]string{"a": kept, "b": gone}[name]
		}, "a", ""},
		"one is never given": {func(int) []string { return []string{"a", "b"} }, func(_ int, name string) string {
			return map[string]string{"a": kept, "b": gone}[name]
		}, "", "no such script"},
		"more than any server has": {func(int) []string { return make([]string, maxScripts+1) }, func(int, string) string { return kept },
			"", "no more than 1000 are read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := read(t.Context(), scripted(t, c.list, c.get), anna, rehome.Source)
			var names []string
			for _, s := range found.scripts {
				names = append(names, s.name)
			}
			if got := strings.Join(names, " "); got != c.names {
				t.Errorf("got %q, want %q: %v", got, c.names, err)
			}
			if (err != nil) != (c.fault != "") || err != nil && !strings.Contains(err.Error(), c.fault) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
		})
	}
}
