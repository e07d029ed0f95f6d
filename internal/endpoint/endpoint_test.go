// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Nothing that this package says may hold one of these.
const (
	password       = `pass"word\ Ärger`
	masterPassword = "master-secret"
	wrongPassword  = "wrong-secret"
)

// waitingTime is how long a test waits for what must come.
const waitingTime = 20 * time.Second

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitingTime)
	t.Cleanup(cancel)
	return ctx
}

// anna and bert have accounts wherever start is used.
func anna() rehome.Account { return account("anna@example.test") }
func bert() rehome.Account { return account("bert@example.test") }

func account(address string) rehome.Account {
	secret := rehome.NewSecret(password)
	return rehome.Account{Address: address, SourcePassword: secret, DestinationPassword: secret}
}

// start runs a Dovecot with the accounts.
func start(t *testing.T, l *lab.Lab, options dovecot.Options) *dovecot.Server {
	t.Helper()
	options.Accounts = []dovecot.Account{{Address: anna().Address, Password: password}, {Address: bert().Address, Password: password}}
	server, err := dovecot.Start(l, options)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// plain returns the service behind an address, without TLS.
func plain(address string) Settings {
	return Settings{Host: NewHost(HostSettings{Side: rehome.Source}), Address: address, Security: protocol.NoTLS, Timeout: waitingTime}
}

// proxy puts a fault proxy before a server.
func proxy(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p := faultproxy.Open(t, target)
	return p
}

// serve is a server that says lines to each connection: first the greeting, then one for each line
// of the client; TAG stands for the command's tag and LINE for all of it. It hangs up after a BYE, and
// without a word at "".
func serve(t *testing.T, lines ...string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, lines...)
}

func serveOn(t *testing.T, listener net.Listener, lines ...string) (address string) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { converse(conn, lines) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

func converse(conn net.Conn, lines []string) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(waitingTime))
	in := bufio.NewReader(conn)
	heard := ""
	for i, line := range lines {
		if i > 0 {
			var err error
			if heard, err = in.ReadString('\n'); err != nil {
				return
			}
			heard = strings.TrimSpace(heard)
		}
		if line == "" {
			return
		}
		tag, _, _ := strings.Cut(heard, " ")
		fmt.Fprintf(conn, "%s\r\n", strings.NewReplacer("TAG", tag, "LINE", heard).Replace(line))
		if strings.HasPrefix(line, "* BYE") {
			return
		}
	}
	_, _ = in.ReadString('\x00') // until the client hangs up
}

// must opens a session that is closed at the end of the test.
func must(t *testing.T, h *IMAP, account rehome.Account) *Session {
	t.Helper()
	session, err := h.Open(within(t), account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

// wantWorks proves that a session is logged in.
func wantWorks(t *testing.T, session *Session) {
	t.Helper()
	if _, err := session.Select(within(t), "INBOX"); err != nil {
		t.Errorf("the session does not work: %v", err)
	}
}

// wantFree proves that no slot is taken.
func wantFree(t *testing.T, h *IMAP) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gate.taken() > 0 || len(h.accounts) > 0 {
		t.Errorf("%d slots are taken, by %v", h.gate.taken(), h.accounts)
	}
}

// wantFault proves class, words and hint, and that nothing secret is in any of it.
func wantFault(t *testing.T, err error, class rehome.Class, words, hint string) {
	t.Helper()
	var fault *rehome.Fault
	if !errors.As(err, &fault) || fault.Class != class || !strings.Contains(err.Error(), words) || !strings.Contains(fault.Hint, hint) {
		t.Errorf("class %s: %v, hint %q; want class %s, %q, hint %q", rehome.ClassOf(err), err, rehome.HintOf(err), class, words, hint)
	}
	wantNoSecret(t, err)
}

// wantNoSecret looks through everything that could be shown of an error.
func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	shown := fmt.Sprintf("%v %+v %#v %s", err, err, err, rehome.HintOf(err))
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		shown += fmt.Sprintf("\n%v %#v", cause, cause)
	}
	for _, secret := range []string{password, `pass\"word\\ Ärger`, masterPassword, wrongPassword} {
		for _, form := range append(encodings(secret), secret) {
			if strings.Contains(shown, form) {
				t.Errorf("a secret is in %s", shown)
			}
		}
	}
}

// taken returns how many places are taken.
func (g *gate) taken() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.active
}
