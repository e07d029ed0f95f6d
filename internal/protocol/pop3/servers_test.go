// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/courier"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address, password = "anna@example.test", "p w\u00e4-1"

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// messages have what dots and lines can do to a client.
func messages() []string {
	return []string{
		"Subject: one\r\n\r\n.\r\n..\r\n.a\r\n.\r\nend\r\n",
		"Subject: two\r\n\r\n" + strings.Repeat("x", 3*bufferSize) + "\r\n." + strings.Repeat("y", bufferSize) + "\r\n",
		"Subject: three\r\n\r\n\r\n",
	}
}

// server is a real one, with what differs.
type server struct {
	name              string
	plain, tls, imap  string
	address, password string
	mechanisms        []string
	pipelines         bool
}

func TestClient_realServers(t *testing.T) {
	t.Parallel()
	for _, start := range []func(*testing.T, *lab.Lab) server{startDovecot, startCyrus, startCourier} {
		l := lab.Open(t)
		s := start(t, l)
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			fill(t, l, s)
			config := l.ClientTLS("localhost")
			for _, security := range []protocol.Security{protocol.ImplicitTLS, protocol.StartTLS, protocol.NoTLS} {
				for _, name := range append(s.mechanisms, "") {
					t.Run(fmt.Sprint(security, "-", name), func(t *testing.T) { s.readAll(t, security, name, config) })
				}
			}
			s.refuses(t, config)
		})
	}
}

func startDovecot(t *testing.T, l *lab.Lab) server {
	t.Helper()
	d, err := dovecot.Start(l, dovecot.Options{Accounts: []dovecot.Account{{Address: address, Password: password}},
		Extra: "auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop\n"})
	if err != nil {
		t.Fatal(err)
	}
	return server{"Dovecot", d.POP3, d.POP3S, d.IMAPS, address, password,
		[]string{"USER", "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "APOP"}, true}
}

func startCyrus(t *testing.T, l *lab.Lab) server {
	t.Helper()
	c, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: "plain-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	return server{"Cyrus", c.POP3, c.POP3S, c.IMAPS, address, "plain-1", []string{"USER", "PLAIN", "LOGIN"}, true}
}

func startCourier(t *testing.T, l *lab.Lab) server {
	t.Helper()
	c, err := courier.Start(l, courier.Options{POP3: true, Accounts: []courier.Account{{Address: address, Password: "plain-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	return server{"Courier", c.POP3, c.POP3S, c.IMAPS, address, "plain-1", []string{"USER"}, true}
}

func fill(t *testing.T, l *lab.Lab, s server) {
	t.Helper()
	ctx := within(t)
	c, err := imap.Dial(ctx, imap.Options{Address: s.imap, Security: protocol.ImplicitTLS, TLS: l.ClientTLS("localhost")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.LogInPlain(ctx, "", s.address, s.password); err != nil {
		t.Fatal(err)
	}
	for _, text := range messages() {
		a, err := c.Append(ctx, "INBOX")
		if err == nil {
			err = a.Message(ctx, nil, time.Time{}, int64(len(text)), strings.NewReader(text))
		}
		if err == nil {
			err = a.Finish()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Logout(ctx); err != nil {
		t.Fatal(err)
	}
}

func (s server) options(security protocol.Security, config *tls.Config) Options {
	options := Options{Address: s.plain, Security: security, TLS: config, Timeout: 20 * time.Second}
	if security == protocol.ImplicitTLS {
		options.Address = s.tls
	}
	return options
}

func (s server) readAll(t *testing.T, security protocol.Security, name string, config *tls.Config) {
	t.Helper()
	ctx := within(t)
	c, err := Dial(ctx, s.options(security, config))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if used, err := c.LogIn(ctx, Credentials{User: s.address, Password: s.password, Mechanism: name, Clear: true}); err != nil {
		t.Fatalf("%s: %v", used, err)
	}
	if c.Secured() != (security != protocol.NoTLS) || c.Capabilities().Pipelining != s.pipelines || !c.Capabilities().UIDL {
		t.Errorf("secured %v, %+v", c.Secured(), c.Capabilities())
	}
	drop, err := c.Stat(ctx)
	if err != nil || drop.Messages != len(messages()) || drop.Octets == 0 {
		t.Errorf("STAT: %+v, %v", drop, err)
	}
	listed, err := c.List(ctx)
	unique, otherErr := c.UIDL(ctx)
	if err != nil || otherErr != nil || len(listed) != len(messages()) || len(unique) != len(listed) ||
		listed[2].Number != 3 || unique[0].ID == unique[1].ID {
		t.Errorf("LIST %+v, %v, UIDL %+v, %v", listed, err, unique, otherErr)
	}
	s.read(ctx, t, c)
	if err := c.Quit(ctx); err != nil {
		t.Error(err)
	}
}

// gathered takes messages.
type gathered struct {
	order []int
	texts map[int]*strings.Builder
	errs  map[int]error
}

func newGathered() *gathered {
	return &gathered{texts: map[int]*strings.Builder{}, errs: map[int]error{}}
}

func (g *gathered) Begin(number int) io.Writer {
	g.texts[number] = &strings.Builder{}
	return g.texts[number]
}

func (g *gathered) End(number int, _ int64, err error) error {
	g.order = append(g.order, number)
	g.errs[number] = err
	return nil
}

func (s server) read(ctx context.Context, t *testing.T, c *Client) {
	t.Helper()
	g := newGathered()
	if err := c.RetrieveEach(ctx, []int{1, 99, 2, 3}, g); err != nil {
		t.Fatal(err)
	}
	// In any order: Courier sorts what came within a second by the random part of its file names.
	numbers := map[string]int{}
	for number, text := range g.texts {
		numbers[text.String()] = number
	}
	for i, want := range messages() {
		if number := numbers[want]; number == 0 || g.errs[number] != nil {
			t.Errorf("message %d did not come as it is: number %d, %v", i, number, g.errs[number])
		}
	}
	var status *StatusError
	if fmt.Sprint(g.order) != "[1 99 2 3]" || g.errs[99] == nil || !asStatus(g.errs[99], &status) {
		t.Errorf("in the order %v, of 99: %v", g.order, g.errs[99])
	}
	var top strings.Builder
	if n, err := c.Top(ctx, numbers[messages()[0]], 1, &top); err != nil || top.String() != "Subject: one\r\n\r\n.\r\n" || n != int64(top.Len()) {
		t.Errorf("TOP: %q, %d, %v", top.String(), n, err)
	}
}

// refuses shows that a wrong password is a refusal that shows no secret, and that an unknown certificate is none to trust.
func (s server) refuses(t *testing.T, config *tls.Config) {
	t.Helper()
	ctx := within(t)
	c, err := Dial(ctx, s.options(protocol.ImplicitTLS, config))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var status *StatusError
	if _, err = c.LogIn(ctx, Credentials{User: s.address, Password: "guess-me"}); !asStatus(err, &status) || strings.Contains(err.Error(), "guess-me") {
		t.Errorf("wrong password: %v", err)
	}
	if s.name == "Dovecot" && !IsCode(err, CodeAuth) {
		t.Errorf("got %v, want the code AUTH", err)
	}
	if c, err = Dial(ctx, s.options(protocol.StartTLS, nil)); err == nil {
		_ = c.Close()
		t.Error("a certificate of nobody was trusted")
	}
	if c, err = Dial(ctx, s.options(protocol.NoTLS, nil)); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err = c.LogIn(ctx, Credentials{User: s.address, Password: "guess-me", Mechanism: "PLAIN"}); !asStatus(err, &status) || !status.Unsent {
		t.Errorf("password without TLS: %v, want it unsent", err)
	}
}
