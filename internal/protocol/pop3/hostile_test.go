// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/protocol"
)

func asStatus(err error, into **StatusError) bool { return errors.As(err, into) }

// play answers one connection in memory: the first part at once, each other one behind a line of the client's, and an
// empty part with silence.
func play(t testing.TB, parts ...string) Options {
	t.Helper()
	return Options{Address: "pop.example.test:110", Security: protocol.NoTLS, Timeout: 30 * time.Second,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				in := bufio.NewReader(theirs)
				for i, part := range parts {
					if i > 0 {
						if _, err := in.ReadString('\n'); err != nil {
							return
						}
					}
					if _, err := io.WriteString(theirs, part); err != nil {
						return
					}
				}
				_, _ = io.Copy(io.Discard, in)
			}()
			return ours, nil
		}}
}

const noCAPA = "-ERR what\r\n"

func TestDial_refuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		security protocol.Security
		parts    []string
		want     string
	}{
		{protocol.NoTLS, []string{"* OK IMAP ready\r\n"}, `it begins with "* OK IMAP ready"`},
		{protocol.NoTLS, []string{"-ERR [SYS/TEMP] busy\r\n"}, "connect: -ERR [SYS/TEMP] busy"},
		{protocol.NoTLS, []string{strings.Repeat("x", 1<<20)}, "a line of more than 8 KiB"},
		{protocol.NoTLS, []string{"+OK\r\n", "+OK\r\n" + strings.Repeat("X\r\n", 2000)}, "CAPA without an end"},
		{protocol.StartTLS, []string{"+OK\r\n", "+OK\r\nUSER\r\n.\r\n"}, "STLS: the server does not offer it"},
		{protocol.StartTLS, []string{"+OK\r\n", noCAPA, "+OK\r\n+OK come in\r\n"}, "octets behind the answer to STLS that are not encrypted"},
		{protocol.StartTLS, []string{"+OK\r\n", "+OK\r\nSTLS\r\n.\r\n", "-ERR no\r\n"}, "STLS: -ERR no"},
	} {
		options := play(t, test.parts...)
		options.Security = test.security
		if _, err := Dial(within(t), options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60q: got %v, want %s", test.parts, err, test.want)
		}
	}
}

// open dials a script whose first two parts are the greeting and the capabilities.
func open(t testing.TB, parts ...string) *Client {
	t.Helper()
	c, err := Dial(within(t), play(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestLists_thatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"+OK\r\n", "+OK 1\r\n", "+OK -1 2\r\n", "+OK 2 -1\r\n", "+OK 99999999999 1\r\n", "+OK x y\r\n", "OK\r\n",
	} {
		if drop, err := open(t, "+OK\r\n", noCAPA, answer).Stat(within(t)); err == nil {
			t.Errorf("STAT %q: %+v", answer, drop)
		}
	}
	for _, list := range []string{
		"1 2\r\n1 3\r\n", "2 1\r\n1 1\r\n", "0 1\r\n", "1\r\n", "1 -5\r\n", "x 1\r\n", "\r\n", strings.Repeat("1", 9000) + "\r\n",
	} {
		c := open(t, "+OK\r\n", noCAPA, "+OK\r\n"+list+".\r\n")
		if all, err := c.List(within(t)); err == nil || c.Err() == nil {
			t.Errorf("LIST %.20q: %+v", list, all)
		}
	}
	for _, list := range []string{"1 a\r\n1 b\r\n", "1\r\n", "1 " + strings.Repeat("u", 1001) + "\r\n", "-1 a\r\n"} {
		if all, err := open(t, "+OK\r\n", noCAPA, "+OK\r\n"+list+".\r\n").UIDL(within(t)); err == nil {
			t.Errorf("UIDL %.20q: %+v", list, all)
		}
	}
	all, err := open(t, "+OK\r\n", noCAPA, "+OK\r\n1 a b\r\n7  !~\r\n.\r\n").UIDL(within(t))
	if err != nil || len(all) != 2 || all[0].ID != "a b" || all[1] != (Unique{7, "!~"}) {
		t.Errorf("%+v, %v", all, err)
	}
}

// Every line may be one that makes sense, and the answer still has an end.
func TestAnswers_areBoundAsAWhole(t *testing.T) {
	t.Parallel()
	list, top := "", strings.Repeat("Received: by x\r\n", 100_000)
	for n := 1; len(list) < 2<<20; n++ {
		list += fmt.Sprintf("%d %s\r\n", n, strings.Repeat("u", 1000))
	}
	for want, ask := range map[string]func(*Client) error{
		"LIST of more than 1 MiB": func(c *Client) error {
			_, err := c.List(within(t))
			return err
		},
		"UIDL of more than 1 MiB": func(c *Client) error {
			_, err := c.UIDL(within(t))
			return err
		},
		"TOP 7 of more than 1 MiB": func(c *Client) error {
			_, err := c.Top(within(t), 7, 0, io.Discard)
			return err
		},
		"RETR 7 of more than 1 MiB": func(c *Client) error {
			_, err := c.Retrieve(within(t), 7, io.Discard)
			return err
		},
	} {
		text := top
		if strings.HasPrefix(want, "LIST") {
			text = strings.ReplaceAll(list, "u", "0")
		} else if strings.HasPrefix(want, "UIDL") {
			text = list
		}
		c := open(t, "+OK\r\n", noCAPA, "+OK\r\n"+text)
		c.most = bounds{1 << 20, 1 << 20, 1 << 20}
		if err := ask(c); err == nil || !strings.Contains(err.Error(), want) || c.Err() == nil {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRetrieve_onlyALineWithNothingButADotEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ sent, want string }{
		{"..\r\n.\r\n", ".\r\n"},
		{"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"},
		{"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"},
		{"a\r.\r\n.\r\n", "a\r.\r\n"},
		{strings.Repeat("a", bufferSize-1) + "\r\n..\r\n.\r\n", strings.Repeat("a", bufferSize-1) + "\r\n.\r\n"},
		{".\r\n", ""},
	} {
		var got strings.Builder
		n, err := open(t, "+OK\r\n", noCAPA, "+OK\r\n"+test.sent).Retrieve(within(t), 1, &got)
		if err != nil || got.String() != test.want || n != int64(len(test.want)) {
			t.Errorf("%.40q: %.40q, %d, %v", test.sent, got.String(), n, err)
		}
	}
	var got strings.Builder
	if _, err := open(t, "+OK\n", "-ERR\n", "+OK\na\n..b\n.\n").Retrieve(within(t), 1, &got); err != nil || got.String() != "a\n.b\n" {
		t.Errorf("of a server with lines that end in LF: %q, %v", got.String(), err)
	}
}

func TestRetrieve_cutAnywhere(t *testing.T) {
	t.Parallel()
	whole := "+OK 10 octets\r\nSubject: x\r\n\r\n..\r\n.\r\n"
	for i := range len(whole) {
		options := play(t, "+OK\r\n", noCAPA)
		dial := options.Dial
		options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &cutConn{Conn: conn, rest: strings.NewReader(whole[:i])}, err
		}
		c, err := Dial(within(t), options)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Retrieve(within(t), 1, io.Discard); err == nil || c.Err() == nil {
			t.Errorf("cut behind %d: %d octets, %v", i, n, err)
		}
		_ = c.Close()
	}
}

// cutConn plays a rest behind what was read once, and ends.
type cutConn struct {
	net.Conn
	lines int
	rest  *strings.Reader
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.lines == 2 {
		return c.rest.Read(p)
	}
	n, err := c.Conn.Read(p)
	c.lines += strings.Count(string(p[:n]), "\n")
	return n, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.lines == 2 {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRetrieve_writerFails(t *testing.T) {
	t.Parallel()
	c := open(t, "+OK\r\n", noCAPA, "+OK\r\na\r\n.\r\n", "+OK 1 1\r\n")
	var failed *WriteError
	if _, err := c.Retrieve(within(t), 1, brokenWriter{}); !errors.As(err, &failed) || failed.Number != 1 {
		t.Errorf("got %v, want a WriteError", err)
	}
	if drop, err := c.Stat(within(t)); err != nil || drop.Messages != 1 {
		t.Errorf("the connection is not usable: %+v, %v", drop, err)
	}
}

func TestRetrieve_notFromAServerThatMayDelete(t *testing.T) {
	t.Parallel()
	c := open(t, "+OK\r\n", "+OK\r\nEXPIRE 0\r\n.\r\n")
	if _, err := c.Retrieve(within(t), 1, io.Discard); !errors.Is(err, ErrDeletes) {
		t.Errorf("got %v, want %v", err, ErrDeletes)
	}
}

func TestLogIn_oneAttemptAndItsWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ refusal, code string }{
		{"-ERR [IN-USE] locked", CodeInUse}, {"-ERR [LOGIN-DELAY] later", CodeLoginDelay}, {"-ERR [AUTH] no", CodeAuth},
		{"-ERR [SYS/TEMP/DISK] no", CodeSysTemp}, {"-ERR [sys/perm] no", CodeSysPerm}, {"-ERR [box full] no", ""}, {"-ERR [X-OWN] no", ""}, {"-ERR", ""},
	} {
		c := open(t, "+OK\r\n", noCAPA, "+OK\r\n", test.refusal+"\r\n")
		used, err := c.LogIn(within(t), Credentials{User: "a", Password: "b", Clear: true})
		var status *StatusError
		if used != "USER" || !asStatus(err, &status) || status.Command != "PASS" || (test.code == "") != (status.Code == "") || !status.has(test.code) {
			t.Errorf("%s: %s, %+v, %v", test.refusal, used, status, err)
		}
	}
	announced := open(t, "+OK\r\n", "+OK\r\nUSER\r\nRESP-CODES\r\n.\r\n", "-ERR [X-OWN] no\r\n")
	if _, err := announced.LogIn(within(t), Credentials{User: "a", Password: "b", Clear: true}); !IsCode(err, "X-OWN") {
		t.Errorf("announced codes: %v", err)
	}
}

func TestLogIn_echoedSecretIsMasked(t *testing.T) {
	t.Parallel()
	options := play(t, "+OK\r\n", noCAPA, "+OK\r\n", "-ERR bad command PASS s3cret\r\n")
	options.Mask = func(words string) string { return strings.ReplaceAll(words, "s3cret", "***") }
	c, err := Dial(within(t), options)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.LogIn(within(t), Credentials{User: "a", Password: "s3cret", Clear: true}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

// A server that is alive and does not get on is given up, and nothing waits for ever.
func TestWaits_end(t *testing.T) {
	t.Parallel()
	for name, trickle := range map[string]struct {
		text  string
		pause time.Duration
	}{"silence": {"", time.Hour}, "an octet now and then": {"x", 20 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			options := Options{Address: "pop.example.test:110", Security: protocol.NoTLS, Timeout: 30 * time.Second}
			options.Dial = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go drip(theirs, trickle.text, trickle.pause)
				return ours, nil
			}
			c, err := Dial(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = c.Retrieve(t.Context(), 1, io.Discard)
			if took := time.Since(began); err == nil || took > 11*options.Timeout {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		})
	}
}

func drip(conn net.Conn, text string, pause time.Duration) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, part := range []string{"+OK\r\n", noCAPA, "+OK\r\n"} {
		if _, err := io.WriteString(conn, part); err != nil {
			return
		}
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
	}
	for {
		time.Sleep(pause)
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		if text == "" {
			return
		}
	}
}

func TestClient_cancelled(t *testing.T) {
	t.Parallel()
	c := open(t, "+OK\r\n", noCAPA)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Stat(ctx); !errors.Is(err, context.DeadlineExceeded) || c.Err() == nil {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

// garbage is a connection on which everything was said before.
type garbage struct {
	net.Conn
	in io.Reader
}

func (g garbage) Read(p []byte) (int, error)     { return g.in.Read(p) }
func (garbage) Write(p []byte) (int, error)      { return len(p), nil }
func (garbage) Close() error                     { return nil }
func (garbage) SetDeadline(time.Time) error      { return nil }
func (garbage) SetReadDeadline(time.Time) error  { return nil }
func (garbage) SetWriteDeadline(time.Time) error { return nil }

func FuzzClient(f *testing.F) {
	f.Add("+OK <1@x>\r\n+OK\r\nSASL PLAIN\r\nPIPELINING\r\n.\r\n+ \r\n+OK\r\n-ERR\r\n+OK 2 30\r\n+OK\r\n1 2\r\n.\r\n" +
		"+OK\r\n1 a\r\n.\r\n+OK\r\n..\r\n.\r\n-ERR\r\n+OK\r\n")
	f.Add("+OK\n-ERR\n+OK\n+OK\n-ERR [AUTH] x\n+OK 0 0\n+OK\n.\n")
	f.Add("+OK\r\n+OK\r\nUTF8 USER\r\nEXPIRE 0\r\nSASL SCRAM-SHA-1\r\n.\r\n+OK\r\n+ cj1h\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		conn := garbage{in: strings.NewReader(text)}
		options := Options{Address: "x:110", Security: protocol.NoTLS, Dial: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
		c, err := Dial(t.Context(), options)
		if err != nil {
			return
		}
		_, _ = c.LogIn(t.Context(), Credentials{User: "a", Password: "b", Clear: true})
		if drop, err := c.Stat(t.Context()); err == nil && (drop.Messages < 0 || drop.Octets < 0) {
			t.Errorf("%+v", drop)
		}
		all, _ := c.List(t.Context())
		last := 0
		for _, m := range all {
			if m.Number <= last || m.Octets < 0 {
				t.Errorf("%+v", all)
			}
			last = m.Number
		}
		_, _ = c.UIDL(t.Context())
		g := newGathered()
		if err := c.RetrieveEach(t.Context(), []int{1, 2}, g); err == nil && len(g.order) != 2 {
			t.Errorf("told of %v", g.order)
		}
		_ = c.Quit(t.Context())
	})
}
