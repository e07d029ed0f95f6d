// SPDX-License-Identifier: Apache-2.0

package scout

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/clientcheck"
	"rehome/internal/cutover"
	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
)

const head = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 7 7200 900 604800 300\n@ NS ns1.hosts.test.\n@ NS ns2.hosts.test.\n"

// key is the one of RFC 6376, appendix C.
const key = `"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq" ` +
	`"631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"`

// domains are those that the tests look at. Only 192.0.2.10 and .11 lead to something.
func domains() map[string]string {
	return map[string]string{
		"good": head + `@ MX 10 mx
mx A 192.0.2.99
mail A 192.0.2.10
@ TXT "v=spf1 mx -all"
_imaps._tcp SRV 0 1 993 mail
_pop3s._tcp SRV 0 0 0 .
default._domainkey TXT ` + key + `
mine._domainkey TXT ` + key + `
autoconfig A 192.0.2.11
`,
		"bare":    head + "www A 192.0.2.99\n",
		"wild":    head + "@ MX 10 wild.test.\n* A 192.0.2.10\n* TXT " + key + "\n",
		"null":    head + "@ MX 0 .\n",
		"hostile": head + "@ MX 10 mx.hostile.test.\nautoconfig A 192.0.2.11\n",
	}
}

func zones() []dnstree.Zone {
	both := []string{"ns1", "ns2"}
	test := "$TTL 3600\n@ SOA ns.nic.test. a.nic.test. 1 7200 900 604800 300\n@ NS ns.nic.test.\nns.nic A {tld}\nns1.hosts A {ns1}\nns2.hosts A {ns2}\n"
	var all []dnstree.Zone
	for name, text := range domains() {
		all = append(all, dnstree.Zone{Name: name + ".test.", On: both, Text: text})
	}
	all = append(all,
		dnstree.Zone{Name: "split.test.", On: []string{"ns1"}, Text: head + "@ MX 10 mail.one.test.\n"},
		dnstree.Zone{Name: "split.test.", On: []string{"ns2"}, Text: head + "@ MX 10 mail.two.test.\n"},
		dnstree.Zone{Name: "hosts.test.", On: both, Text: head + "ns1 A {ns1}\nns2 A {ns2}\n"})
	for _, name := range []string{"good", "bare", "wild", "null", "hostile", "split", "hosts"} {
		test += fmt.Sprintf("%[1]s NS ns1.hosts.test.\n%[1]s NS ns2.hosts.test.\n", name)
	}
	return append(all, dnstree.Zone{Name: "test.", On: []string{"tld"}, Text: test},
		dnstree.Zone{Name: ".", On: []string{"root"}, Text: "$TTL 3600\n@ SOA a.root. a. 1 7200 900 604800 300\n@ NS a.root.\na.root. A {root}\n" +
			"test. NS ns.nic.test.\nns.nic.test. A {tld}\n"})
}

const autoconfig = `<clientConfig version="1.1"><emailProvider id="good.test"><domain>good.test</domain>
<incomingServer type="imap"><hostname>mail.good.test</hostname><port>993</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>mail.good.test</hostname><port>587</port><socketType>STARTTLS</socketType>
<authentication>password-cleartext</authentication></outgoingServer>
</emailProvider></clientConfig>`

// documents are what web servers answer; the hostile one has hosts that are none, a server of somebody else, and no end of them.
func documents(w http.ResponseWriter, r *http.Request) {
	switch {
	case !strings.HasSuffix(r.URL.Path, "config-v1.1.xml"):
		http.NotFound(w, r)
	case strings.Contains(r.Host, "good.test"):
		fmt.Fprint(w, autoconfig)
	default:
		bad := strings.ReplaceAll(autoconfig, "good.test", "hostile.test")
		bad = strings.Replace(bad, "mail.hostile.test</hostname><port>993", "x y/../@evil\x1b[31m</hostname><port>993", 1)
		fmt.Fprint(w, strings.Replace(bad, "587", "99999", 1)+strings.Repeat(" ", 1<<20))
	}
}

// imapServer greets as one that offers a log-in.
func imapServer(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					tag, _, _ := strings.Cut(lines.Text(), " ")
					fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK done\r\n", tag)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// world is a small Internet: DNS by real servers, and two machines.
func world(t *testing.T) World {
	t.Helper()
	l := lab.Open(t)
	tree, err := dnstree.Start(l, []dnstree.Server{
		{Name: "root", Kind: dnstree.Knot}, {Name: "tld", Kind: dnstree.Knot}, {Name: "ns1", Kind: dnstree.Knot}, {Name: "ns2", Kind: dnstree.BIND},
	}, zones())
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile, err := l.Issue("mail.good.test", "autoconfig.good.test", "autoconfig.hostile.test")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	web := httptest.NewUnstartedServer(http.HandlerFunc(documents))
	web.TLS = config
	web.StartTLS()
	t.Cleanup(web.Close)
	listens := map[string]string{"192.0.2.10:993": imapServer(t, config), "192.0.2.11:443": web.Listener.Addr().String()}
	root := dns.Server{Name: "a.root", Addrs: []netip.Addr{tree.Hosts["root"]}}
	client := dns.New(dns.Options{Roots: []dns.Server{root}, Anchors: []dns.Anchor{}, Port: tree.Port,
		Timeout: 10 * time.Second, Pause: time.Microsecond})
	return World{
		World: cutover.World{DNS: client,
			Policy:  func(context.Context, string) (dns.STSPolicy, error) { return dns.STSPolicy{}, errors.New("none") },
			Listens: func(context.Context, netip.Addr) (bool, error) { return false, nil }},
		Clients: clientcheck.World{Names: client, TLS: l.ClientTLS(""), Timeout: 10 * time.Second,
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				place, there := listens[address]
				if !there {
					return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
				}
				return (&net.Dialer{}).DialContext(ctx, network, place)
			}},
	}
}

func TestLook_realServers(t *testing.T) {
	t.Parallel()
	w := world(t)
	look := func(t *testing.T, name string, selectors ...string) Found {
		t.Helper()
		found, err := Look(t.Context(), w, Subject{Domain: name, Selectors: selectors})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	t.Run("good", func(t *testing.T) {
		found := look(t, "good.test", "mine")
		imap, _ := found.Of(clientcheck.IMAP)
		if imap.Value != "mail.good.test:993" || !imap.Works || !strings.Contains(imap.From, "_imaps._tcp.good.test") {
			t.Errorf("IMAP: %+v", imap)
		}
		sending, _ := found.Of(clientcheck.Submission)
		if sending.Value != "mail.good.test:587" || sending.Works || !strings.Contains(sending.From, "https://autoconfig.good.test/") {
			t.Errorf("sending: %+v, want what is published although it does not answer", sending)
		}
		if pop3, some := found.Of(clientcheck.POP3); some {
			t.Errorf("POP3, which is said not to be offered: %+v", pop3)
		}
		if !slices.Equal(found.Selectors, []string{"mine", "default"}) || found.TTL != 3600 || found.Published.Zone != "good.test" {
			t.Errorf("got %v, %d, zone %q", found.Selectors, found.TTL, found.Published.Zone)
		}
	})
	t.Run("bare", func(t *testing.T) {
		if found := look(t, "bare.test"); len(found.Proposals) > 0 || !strings.Contains(strings.Join(found.Notes, ""), "no MX record") {
			t.Errorf("got %+v, %v", found.Proposals, found.Notes)
		}
	})
	t.Run("wild", func(t *testing.T) {
		found := look(t, "wild.test")
		if len(found.Proposals) > 0 || len(found.Selectors) > 0 || !strings.Contains(strings.Join(found.Notes, ""), "every name in wild.test exists") {
			t.Errorf("got %+v, %v, %v: every name leads to another's server", found.Proposals, found.Selectors, found.Notes)
		}
	})
	t.Run("null", func(t *testing.T) {
		if found := look(t, "null.test"); !strings.Contains(strings.Join(found.Notes, ""), "takes no mail") {
			t.Errorf("got %v", found.Notes)
		}
	})
	t.Run("hostile", func(t *testing.T) {
		if found := look(t, "hostile.test"); len(found.Proposals) > 0 {
			t.Errorf("got %+v of a document that is none", found.Proposals)
		}
	})
	t.Run("split", func(t *testing.T) {
		found := look(t, "split.test")
		i := slices.IndexFunc(found.Published.Records, func(r cutover.Record) bool { return r.Type == dns.MX })
		if i < 0 || found.Published.Records[i].State != cutover.Wrong || len(found.Published.Records[i].Servers) < 2 {
			t.Errorf("got %+v, want what each server says", found.Published.Records)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		var none *NoDomainError
		if _, err := Look(t.Context(), w, Subject{Domain: "nosuch.test"}); !errors.As(err, &none) {
			t.Errorf("got %v", err)
		}
	})
}

// silence is a DNS that says that a domain is there, and nothing more.
type silence struct{}

func (silence) Find(ctx context.Context, _ string) (*dns.Zone, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silence) Look(ctx context.Context, _ string, _ dns.Type) (dns.Look, error) {
	<-ctx.Done()
	return dns.Look{}, ctx.Err()
}

func (s silence) LookAt(ctx context.Context, _ *dns.Zone, name string, kind dns.Type) (dns.Look, error) {
	return s.Look(ctx, name, kind)
}

func (silence) Resolve(ctx context.Context, _ string, kind dns.Type) (dns.Answer, error) {
	if kind == dns.SOA {
		return dns.Answer{Exists: true}, nil
	}
	<-ctx.Done()
	return dns.Answer{}, ctx.Err()
}

func (silence) Addresses(ctx context.Context, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Whoever waits at the terminal waits for two minutes, whatever is silent, and goes on with what there is.
func TestLook_silence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		found, err := Look(t.Context(), World{World: cutover.World{DNS: silence{}}, Clients: clientcheck.World{Names: silence{}, Timeout: time.Second}},
			Subject{Domain: "silent.test"})
		if took := time.Since(began); err != nil || took > maxLook || !strings.Contains(strings.Join(found.Notes, ""), "not everything answered") {
			t.Errorf("after %s: %+v, %v", took, found, err)
		}
		if len(found.Proposals) > 0 || found.Selectors == nil {
			t.Errorf("got %+v", found)
		}
	})
}

func TestChoose_takesWhatWorksAndGuessesNothing(t *testing.T) {
	t.Parallel()
	at := func(host string, published bool, probe clientcheck.Probe) candidate {
		return candidate{Server: clientcheck.Server{Service: clientcheck.IMAP, Host: host, Port: 993}, published: published, probe: &probe}
	}
	works, certificate := clientcheck.Probe{Level: "ok"}, clientcheck.Probe{Level: "error", Trouble: clientcheck.Certificate}
	refused := clientcheck.Probe{Level: "error", Trouble: clientcheck.Refused}
	for name, test := range map[string]struct {
		all  []candidate
		want string
	}{
		"nothing":             {nil, ""},
		"a guess is refused":  {[]candidate{at("a", false, refused)}, ""},
		"published, refused":  {[]candidate{at("a", false, refused), at("b", true, refused)}, "b:993"},
		"a guess works":       {[]candidate{at("a", true, refused), at("b", false, works)}, "b:993"},
		"both work":           {[]candidate{at("a", false, works), at("b", true, works), at("c", true, works)}, "b:993"},
		"wild certificate":    {[]candidate{at("a", false, certificate)}, ""},
		"own certificate":     {[]candidate{at("a", true, refused), at("b", true, certificate)}, "b:993"},
		"not looked at there": {[]candidate{{Server: clientcheck.Server{Service: clientcheck.IMAP, Host: "a", Port: 1}, published: true}}, "a:1"},
	} {
		got := ""
		if found := choose(test.all); len(found) > 0 {
			got = found[0].Value
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

const signed = "DKIM-Signature: v=1; a=rsa-sha256; d=example.com;\r\n s=Mail2026; h=from:to; bh=x; b=y\r\nSubject: hello\r\n" +
	"DKIM-Signature: v=1; d=other.test; s=theirs; b=z\r\nDKIM-Signature: d=example.com; s=../../etc\r\n\r\nDKIM-Signature: d=example.com; s=body\r\n"

func TestSelectorsIn_readsTheHeaderOnly(t *testing.T) {
	t.Parallel()
	got, err := SelectorsIn(strings.NewReader(signed), "example.com")
	if err != nil || !slices.Equal(got, []string{"mail2026"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := SelectorsIn(strings.NewReader("no header at all"), "example.com"); err == nil {
		t.Errorf("got %v, want an error", got)
	}
}

// FuzzSelectorsIn reads any file: what is taken can be asked for.
func FuzzSelectorsIn(f *testing.F) {
	f.Add(signed)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		selectors, err := SelectorsIn(strings.NewReader(text), "example.com")
		if err != nil && len(selectors) > 0 || len(selectors) > maxSelectors {
			t.Errorf("got %v, %v", selectors, err)
		}
		for _, s := range selectors {
			if !dns.ValidName(dns.DKIMName(s, "example.com")) || strings.ContainsAny(s, " /\r\n") {
				t.Errorf("%q is no selector", s)
			}
		}
	})
}
