// SPDX-License-Identifier: Apache-2.0

package dns_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"
	"pgregory.net/rapid"

	"rehome/internal/protocol/dns"
)

var updateKey = base64.StdEncoding.EncodeToString([]byte("a key of thirty-two octets, kept."))

// primaryWith returns a primary whose server does with each connection what serve says.
func primaryWith(t *testing.T, serve func(conn *wire.Conn)) *dns.Primary {
	t.Helper()
	listener := listen(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(&wire.Conn{Conn: conn, TsigSecret: map[string]string{"key.": updateKey, "other.": updateKey}})
			}()
		}
	}()
	return primaryAt(t, listener, 300*time.Millisecond)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func primaryAt(t *testing.T, at net.Listener, timeout time.Duration) *dns.Primary {
	t.Helper()
	p, err := dns.NewPrimary(dns.PrimaryOptions{Address: at.Addr().String(), KeyName: "key", Secret: func() string { return updateKey },
		Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// replying answers each request with what change has made of an answer.
func replying(change func(reply *wire.Msg)) func(*wire.Conn) {
	return func(conn *wire.Conn) {
		asked, _ := conn.ReadMsg() // whose signature the library has looked at
		if asked == nil {
			return
		}
		reply := new(wire.Msg)
		reply.SetReply(asked)
		change(reply)
		_ = conn.WriteMsg(reply)
	}
}

func signed(key string) func(*wire.Msg) {
	return func(reply *wire.Msg) { reply.SetTsig(key, wire.HmacSHA256, 300, time.Now().Unix()) }
}

// TestUpdate_hostileAnswers has a server say what proves nothing: none of it may count as done.
func TestUpdate_hostileAnswers(t *testing.T) {
	t.Parallel()
	isFormat := func(err error) bool { var f *dns.FormatError; return errors.As(err, &f) }
	code := func(want string) func(error) bool {
		return func(err error) bool { var u *dns.UpdateError; return errors.As(err, &u) && u.Code == want }
	}
	unsigned := func(err error) bool { return errors.Is(err, dns.ErrNotSigned) }
	unknown := func(err error) bool { return err != nil && !isFormat(err) && !code("")(err) && !unsigned(err) }
	for name, c := range map[string]struct {
		serve func(*wire.Conn)
		want  func(error) bool
	}{
		"unsigned":   {replying(func(*wire.Msg) {}), unsigned},
		"other key":  {replying(signed("other.")), func(err error) bool { return unsigned(err) || isFormat(err) }},
		"other id":   {replying(func(m *wire.Msg) { m.Id++; signed("key.")(m) }), isFormat},
		"a question": {replying(func(m *wire.Msg) { m.Response = false; signed("key.")(m) }), isFormat},
		"refused":    {replying(func(m *wire.Msg) { m.Rcode = wire.RcodeRefused }), code("REFUSED")},
		"bad key": {replying(func(m *wire.Msg) {
			m.Rcode = wire.RcodeNotAuth
			m.Extra = append(m.Extra, &wire.TSIG{Hdr: wire.RR_Header{Name: "key.", Rrtype: wire.TypeTSIG, Class: wire.ClassANY},
				Algorithm: wire.HmacSHA256, Error: wire.RcodeBadKey, OrigId: m.Id})
		}), func(err error) bool { return err != nil }},
		"silence":  {func(conn *wire.Conn) { _, _ = conn.ReadMsg(); _, _ = conn.ReadMsg() }, unknown},
		"hangs up": {func(conn *wire.Conn) { _, _ = conn.ReadMsg() }, unknown},
		"half": {func(conn *wire.Conn) {
			_, _ = conn.ReadMsg()
			_, _ = conn.Conn.Write([]byte{0xff, 0xff, 1})
			_, _ = conn.ReadMsg()
		}, unknown},
		"garbage": {func(conn *wire.Conn) {
			_, _ = conn.ReadMsg()
			_, _ = conn.Conn.Write(append([]byte{0, 40}, []byte(strings.Repeat("\xff", 40))...))
		}, isFormat},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			err := primaryWith(t, c.serve).Update(t.Context(), "example.test", nil,
				[]dns.RRset{{Name: "example.test", Type: dns.MX, TTL: time.Minute, Data: []string{"10 mx.example.test"}}})
			if !c.want(err) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if err != nil && strings.Contains(err.Error(), updateKey) {
				t.Error("the secret is in the error")
			}
		})
	}
}

// TestUpdate_signedAnswers has a server that signs its answers, and says one thing after another.
func TestUpdate_signedAnswers(t *testing.T) {
	t.Parallel()
	codes := []int{wire.RcodeSuccess, wire.RcodeNXRrset, wire.RcodeServerFailure}
	listener := listen(t)
	server := &wire.Server{Listener: listener, TsigSecret: map[string]string{"key.": updateKey},
		MsgAcceptFunc: func(wire.Header) wire.MsgAcceptAction { return wire.MsgAccept },
		Handler: wire.HandlerFunc(func(w wire.ResponseWriter, asked *wire.Msg) {
			reply := new(wire.Msg)
			reply.SetRcode(asked, codes[0])
			codes = codes[1:]
			signed("key.")(reply)
			_ = w.WriteMsg(reply)
		})}
	go func() { _ = server.ActivateAndServe() }()
	p := primaryAt(t, listener, 10*time.Second)
	for _, want := range []string{"<nil>", "it answers NXRRSET", "it answers SERVFAIL"} {
		err := p.Update(t.Context(), "example.test", nil, []dns.RRset{{Name: "example.test", Type: dns.MX}})
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNewPrimary_keys(t *testing.T) {
	t.Parallel()
	const secret = "not base64!"
	for _, o := range []dns.PrimaryOptions{
		{KeyName: "k", Algorithm: "hmac-md5", Secret: func() string { return updateKey }},
		{KeyName: "k", Secret: func() string { return secret }},
		{KeyName: strings.Repeat("a", 300), Secret: func() string { return updateKey }},
	} {
		if _, err := dns.NewPrimary(o); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q %q: got %v, want an error without the secret", o.KeyName, o.Algorithm, err)
		}
	}
}

// Whatever is written comes back as it was given, in the form of a zone file too.
func TestRRset_presentedAndReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(250, 600, -1)).Draw(t, "text")
		for _, set := range []dns.RRset{
			{Name: "x.example.test", Type: dns.TXT, Data: []string{text}},
			{Name: "example.test", Type: dns.CAA, Data: []string{"0 issue " + text}},
		} {
			presented, err := set.Presented()
			if err != nil {
				continue // it would not come back
			}
			record, err := dns.ReadPresented("example.test", set.Name, set.Type, 0, presented[0])
			if err != nil || record.Data != set.Data[0] {
				t.Fatalf("%q presented as %q is read as %q, %v", set.Data[0], presented[0], record.Data, err)
			}
		}
	})
}

func TestReadPresented_names(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind      dns.Type
		presented string
		want      string
	}{
		{dns.MX, "10 Mail.Example.NET.", "10 mail.example.net"}, {dns.MX, "10 mail", "10 mail.example.test"}, {dns.CNAME, "@", "example.test"},
		{dns.TXT, `"a" "b"`, "ab"}, {dns.TXT, "as it is; all", "as it is; all"}, {dns.MX, "ten mail.", ""}, {dns.MX, "10", ""}, {dns.A, "::1", ""},
		{dns.MX, "10 a.\nexample.test. 0 IN MX 20 b.", ""}, {dns.MX, "", ""}, {dns.A, "$INCLUDE /etc/passwd", ""},
	} {
		record, err := dns.ReadPresented("example.test", "x.example.test", c.kind, time.Hour, c.presented)
		if record.Data != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q: got %q, %v, want %q", c.kind, c.presented, record.Data, err, c.want)
		}
	}
	for _, data := range []string{"10 a\nb", "10 a b", "x a", "10 a;b", "70000 a"} {
		if got, err := (dns.RRset{Name: "example.test", Type: dns.MX, Data: []string{data}}).Presented(); err == nil {
			t.Errorf("%q: got %q, want an error", data, got)
		}
	}
	if !slices.Contains(dns.Algorithms(), "hmac-sha256") {
		t.Error("hmac-sha256 is missing")
	}
}
