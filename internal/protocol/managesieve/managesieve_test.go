// SPDX-License-Identifier: Apache-2.0

package managesieve

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const address, password = "anna@example.test", `p "w" Ä`

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestClient_againstDovecot(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := dovecot.Start(l, dovecot.Options{
		MasterUser: "mover", MasterPassword: "m", Accounts: []dovecot.Account{{Address: address, Password: password}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name                     string
		security                 protocol.Security
		identity, user, password string
	}{
		{"starttls, own password", protocol.StartTLS, "", address, password},
		{"master in the name", protocol.NoTLS, "", address + "*mover", "m"},
		{"master with authzid", protocol.StartTLS, address, "mover", "m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Dial(within(t), Options{Address: server.Sieve, Security: test.security, TLS: l.ClientTLS("localhost")})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Authenticate(within(t), test.identity, test.user, test.password); err != nil {
				t.Fatal(err)
			}
			if c.Secured() != (test.security == protocol.StartTLS) || !c.Capabilities().Modern || c.Capabilities().Implementation == "" {
				t.Errorf("secured %v, capabilities %+v", c.Secured(), c.Capabilities())
			}
			useScripts(t, c)
			if err := c.Logout(within(t)); err != nil {
				t.Error(err)
			}
		})
	}
	refusals(t, server)
}

// useScripts goes through every command, and leaves nothing behind.
func useScripts(t *testing.T, c *Client) {
	t.Helper()
	ctx, name, text := within(t), "Regeln \"ü\"", "# ä\r\nkeep;\r\n"
	for _, err := range []error{
		c.CheckScript(ctx, text), c.PutScript(ctx, name, text), c.SetActive(ctx, name),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := c.GetScript(ctx, name)
	if err != nil || got != text {
		t.Errorf("got %q %v, want %q", got, err, text)
	}
	list, err := c.ListScripts(ctx)
	if diff := cmp.Diff([]Script{{Name: name, Active: true}}, list); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	_, err = c.do(ctx, "DELETESCRIPT", raw("DELETESCRIPT"), name)
	if !IsNo(err, "ACTIVE") {
		t.Errorf("delete the active one: %v, want NO (ACTIVE)", err)
	}
	err = c.SetActive(ctx, "")
	_, deleteErr := c.do(ctx, "DELETESCRIPT", raw("DELETESCRIPT"), name)
	if err := errors.Join(err, deleteErr); err != nil {
		t.Error(err)
	}
	if err := c.CheckScript(ctx, "require \"nonsense\"; x"); !IsNo(err, "") || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("check of nonsense: %v, want NO with a line", err)
	}
	if _, err := c.GetScript(ctx, name); !IsNo(err, "NONEXISTENT") {
		t.Errorf("get what is not there: %v, want NO (NONEXISTENT)", err)
	}
	if err := c.PutScript(ctx, "a\nb", text); err == nil {
		t.Error("a name with a line feed was sent")
	}
}

func refusals(t *testing.T, server *dovecot.Server) {
	t.Helper()
	c, err := Dial(within(t), Options{Address: server.Sieve, Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Authenticate(within(t), "", address, "guess-me"); !IsNo(err, "") || strings.Contains(err.Error(), "guess-me") {
		t.Errorf("wrong password: %v", err)
	}
	if _, err := Dial(within(t), Options{Address: server.Sieve, Security: protocol.StartTLS}); err == nil {
		t.Error("a certificate of nobody was trusted")
	}
}

// play answers one connection with what the text holds, a line of the client before each part.
func play(t *testing.T, parts ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		for i, part := range parts {
			if i > 0 {
				if _, err := in.ReadString('\n'); err != nil {
					return
				}
			}
			_, _ = io.WriteString(conn, part)
		}
		_, _ = io.Copy(io.Discard, in)
	}()
	return listener.Addr().String()
}

const greeting = "\"IMPLEMENTATION\" \"lab\"\r\n\"SIEVE\" \"fileinto\"\r\n\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK\r\n"

func TestDial_refuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		security protocol.Security
		parts    []string
		want     string
	}{
		{protocol.NoTLS, []string{"BYE (REFERRAL \"sieve://evil.example\") \"over there\"\r\n"},
			"connect: BYE over there; the scripts are on another server, sieve://evil.example, which rehome does not ask on its own"},
		{protocol.NoTLS, []string{"* OK IMAP ready\r\n"}, `cannot make sense of the server's answer: it begins with "*"`},
		{protocol.NoTLS, []string{"OK\r\n"}, "cannot make sense of the server's answer: not the greeting of a ManageSieve server"},
		{protocol.NoTLS, []string{"\"a\" {999999999}\r\n"}, "cannot make sense of the server's answer: a literal of an impossible length"},
		{protocol.NoTLS, []string{strings.Repeat("x", 1<<20)}, "cannot make sense of the server's answer: a line of more than 64 KiB"},
		{protocol.StartTLS, []string{strings.Replace(greeting, "\"STARTTLS\"\r\n", "", 1)}, "STARTTLS: NO the server does not offer it"},
		{protocol.StartTLS, []string{greeting, "OK\r\n" + greeting}, "cannot make sense of the server's answer: octets behind the answer to " +
			"STARTTLS that are not encrypted"},
	} {
		_, err := Dial(within(t), Options{Address: play(t, test.parts...), Security: test.security, Timeout: 5 * time.Second})
		if err == nil || err.Error() != test.want {
			t.Errorf("%.40q: got %v, want %s", test.parts, err, test.want)
		}
	}
}

func TestClient_silentServerAndCancelledContext(t *testing.T) {
	t.Parallel()
	c, err := Dial(within(t), Options{Address: play(t, greeting), Security: protocol.NoTLS, Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ListScripts(within(t)); err == nil || IsNo(err, "") {
		t.Errorf("silence: got %v, want a missed deadline", err)
	}
	if c, err = Dial(within(t), Options{Address: play(t, greeting), Security: protocol.NoTLS}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.ListScripts(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

// The server's words stand behind its code, whether that has arguments or not.
func TestReadAnswer_wordsBehindTheCode(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]StatusError{
		"NO (QUOTA/MAXSIZE) \"too large\"": {Kind: "NO", Command: "PUTSCRIPT", Code: "QUOTA/MAXSIZE", Text: "too large"},
		"NO (TRYLATER) {4+}\r\nbusy":       {Kind: "NO", Command: "PUTSCRIPT", Code: "TRYLATER", Text: "busy"},
		"BYE (REFERRAL \"sieve://other\") \"not here\"": {Kind: "BYE", Command: "PUTSCRIPT", Code: "REFERRAL", Text: "not here",
			Referral: "sieve://other"},
		"NO (TAG \"x\" \"y\") \"a\"": {Kind: "NO", Command: "PUTSCRIPT", Code: "TAG", Text: "a"},
		"NO (WARNINGS) \"line 1: (the parenthesis is text)\"": {Kind: "NO", Command: "PUTSCRIPT", Code: "WARNINGS",
			Text: "line 1: (the parenthesis is text)"},
	} {
		_, err := readAnswer(bufio.NewReader(strings.NewReader(line+"\r\n")), "PUTSCRIPT")
		var got *StatusError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(greeting)
	f.Add("\"a \\\"b\" ACTIVE\r\n{3}\r\nx\r\nOK (WARNINGS) {2}\r\nhi\r\n")
	f.Add("NO (REFERRAL \"x\") \"y\"\r\n")
	f.Add("NO (QUOTA/MAXSIZE) \"y\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := readAnswer(bufio.NewReader(strings.NewReader(text)), "X")
		for _, line := range lines {
			if len(line) == 0 {
				t.Fatalf("an empty line in %q, %v", lines, err)
			}
		}
		newCapabilities(lines)
	})
}
