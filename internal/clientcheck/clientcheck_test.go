// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol"
)

// end is a side with everything; the names follow from a word.
func end(side rehome.Side, word string) clientsetup.End {
	host := word + ".example.net"
	return clientsetup.End{Side: side, Webmail: "https://dav." + host + "/mail",
		IMAP:       clientsetup.Address{HostPort: host + ":993", Security: protocol.ImplicitTLS},
		POP3:       clientsetup.Address{HostPort: host + ":995", Security: protocol.ImplicitTLS},
		Submission: clientsetup.Address{HostPort: host + ":465", Security: protocol.ImplicitTLS}, DAV: "https://dav." + host + "/dav/"}
}

func services(domain string) clientsetup.Services {
	both, _ := clientsetup.DescribeBoth(end(rehome.Source, "old"), end(rehome.Destination, "new"), clientsetup.Naming{}, "", domain)
	return both
}

// subject is a domain that has switched or not, with somebody who has and somebody who has not.
func subject(domain string, side rehome.Side) Subject {
	return Subject{Services: services(domain), Side: side, People: []Person{
		{Address: "moved@" + domain, Side: rehome.Destination}, {Address: "stays@" + domain, Side: rehome.Source},
	}}
}

// mailHosts are the two ends, as anybody reaches them.
func (n *internet) mailHosts(t *testing.T) {
	t.Helper()
	for _, word := range []string{"old", "new"} {
		host := word + ".example.net"
		n.mail(t, IMAP, host, 993, host)
		n.mail(t, POP3, host, 995, host)
		n.mail(t, Submission, host, 465, host)
		n.web(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/mail" {
				return
			}
			if strings.HasPrefix(r.URL.Path, "/.well-known/") {
				http.Redirect(w, r, "/dav/", http.StatusMovedPermanently)
				return
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, "dav."+host)
	}
}

// respond runs "clients serve" for domains, at all names that clients ask.
func (n *internet) respond(t *testing.T, switched string, domains ...string) {
	t.Helper()
	names, all := []string{}, map[string]clientsetup.Services{}
	for _, d := range domains {
		all[d] = services(d)
		names = append(names, "autoconfig."+d, "autodiscover."+d, "ua-auto-config."+d, d)
	}
	folder := t.TempDir()
	pair := filepath.Join(folder, "pair.pem")
	key, err := x509.MarshalPKCS8PrivateKey(n.key)
	if err != nil {
		t.Fatal(err)
	}
	text := slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.issue(t, false, names...)}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	file := filepath.Join(folder, "switched.txt")
	for path, content := range map[string][]byte{pair: text, file: []byte(switched)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	switches, err := clientsetup.OpenSwitches(file, domains)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := clientsetup.OpenKeyPairs([]string{pair})
	if err != nil {
		t.Fatal(err)
	}
	responder := clientsetup.NewResponder(clientsetup.ResponderOptions{Domains: all, Switches: switches, RequestsPerMinute: 100_000})
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan []string, 1), make(chan error, 1)
	go func() {
		ended <- clientsetup.Serve(ctx, responder, clientsetup.ServeOptions{Listen: "127.0.0.1:0", Redirect: "127.0.0.1:0", Pairs: pairs,
			Ready: func(addresses []string) { ready <- addresses }})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	addresses := <-ready
	for _, name := range names {
		n.listen(name, 443, addresses[0])
		n.listen(name, 80, addresses[1])
	}
}

func check(t *testing.T, n *internet, subjects ...Subject) Report {
	t.Helper()
	report, err := Check(t.Context(), n.world(), subjects)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// told is the report in a form that a test compares.
func told(r Report) map[string]string {
	all := map[string]string{}
	for _, d := range r.Domains {
		for _, c := range d.Clients {
			host := ""
			if len(c.Servers) > 0 {
				host = c.Servers[0].Host
			} else if c.Contacts != "" {
				host = authority(c.Contacts)
			}
			all[c.Account+" "+c.Client] = string(c.Level) + " " + host
		}
	}
	return all
}

// One domain has switched while another stays: each client finds the right servers for the person who has moved and for the one
// who has not, except where it does not say who asks.
func TestCheck_eachClientForMovedAndUnmoved(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.mailHosts(t)
	n.respond(t, "a.example destination\nstays@a.example source\nmoved@b.example destination\n", "a.example", "b.example")
	n.leadDAV(t, "a.example", "dav.new.example.net")
	n.leadDAV(t, "b.example", "dav.old.example.net")
	report := check(t, n, subject("a.example", rehome.Destination), subject("b.example", rehome.Source))
	got := told(report)
	for account, word := range map[string]string{
		"moved@a.example": "new", "stays@a.example": "old", "moved@b.example": "new", "stays@b.example": "old",
	} {
		for _, client := range []string{"thunderbird", "outlook", "apple"} {
			if want := "ok " + word + ".example.net"; got[account+" "+client] != want {
				t.Errorf("%s %s: got %q, want %q", account, client, got[account+" "+client], want)
			}
		}
	}
	for key, want := range map[string]string{
		"moved@a.example thunderbird_android": "ok new.example.net", "stays@a.example thunderbird_android": "warning new.example.net",
		"moved@b.example thunderbird_android": "warning old.example.net", "stays@b.example thunderbird_android": "ok old.example.net",
		"moved@a.example thunderbird_dav": "ok dav.new.example.net", "moved@b.example thunderbird_dav": "warning dav.old.example.net",
		"moved@a.example davx5": "ok dav.new.example.net", "stays@a.example davx5": "warning dav.new.example.net",
		"moved@b.example davx5": "warning dav.old.example.net", "stays@b.example davx5": "ok dav.old.example.net",
	} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	if report.Outcome() != rehome.OutcomeDone {
		t.Errorf("got %s, want done", report.Outcome())
	}
	for _, s := range report.Domains[0].Servers {
		if s.Level != checkup.LevelOK || len(s.Sides) != 1 || len(s.LogIn) == 0 && s.Service != Webmail {
			t.Errorf("got %+v", s)
		}
	}
	if t.Failed() {
		for _, d := range report.Domains {
			for _, c := range d.Clients {
				t.Logf("%s: %s (%v)", c.Level, c.Sentence, c.Passed)
			}
		}
	}
}

// A responder whose file nobody has changed tells people who have moved the old servers; that is an error for each program, with a
// step and a name.
func TestCheck_otherSide(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.mailHosts(t)
	n.respond(t, "", "a.example")
	n.leadDAV(t, "a.example", "dav.old.example.net")
	s := subject("a.example", rehome.Destination)
	s.People = s.People[:1]
	report := check(t, n, s)
	for _, c := range report.Domains[0].Clients {
		if c.Level != checkup.LevelError || !strings.Contains(c.Sentence, "gives moved@a.example the old servers instead of the new servers") ||
			!strings.Contains(c.NextStep, "clients.switched") || !strings.HasPrefix(c.Who, "whoever runs ") {
			t.Errorf("got %+v", c)
		}
	}
	if report.Outcome() != rehome.OutcomeDiffers || len(report.Findings) != len(clients()) {
		t.Errorf("got %s and %d findings", report.Outcome(), len(report.Findings))
	}
}

// Nothing is there: each program finds nothing. That DNS says nothing is something else.
func TestCheck_nothingAndNotKnown(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.mailHosts(t)
	s := subject("a.example", rehome.Destination)
	s.People = s.People[:1]
	codes := func() (all []string) {
		for _, f := range check(t, n, s).Findings {
			all = append(all, f.Code)
		}
		return all
	}
	want := []string{findsNothing.Code, findsNothing.Code, findsNothing.Code, findsFile.Code, findsNothing.Code, findsNothing.Code}
	if got := codes(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"a.example", "autoconfig.a.example", "autodiscover.a.example", "_caldavs._tcp.a.example", "_carddavs._tcp.a.example"} {
		n.silent[name] = true
	}
	if got := codes(); !slices.Equal(got, slices.Repeat([]string{findsUnknown.Code}, len(clients()))) {
		t.Errorf("got %q, want only %q", got, findsUnknown.Code)
	}
}

// A server with a certificate for another name, one that nobody reaches, and one of an inner network.
func TestCheck_serversThatDevicesCannotUse(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.mailHosts(t)
	n.respond(t, "a.example destination\n", "a.example")
	n.mail(t, IMAP, "new.example.net", 993, "other.example.net")
	n.listen("new.example.net", 465, "")
	n.hosts["dav.new.example.net"] = n.hosts["new.example.net"]
	n.hosts["old.example.net"] = netip.MustParseAddr("10.0.0.5")
	s := subject("a.example", rehome.Destination)
	s.People = s.People[:1]
	report := check(t, n, s)
	got := map[string]string{}
	for _, p := range report.Domains[0].Servers {
		got[fmt.Sprintf("%s %s", p.Service, p.Host)] = fmt.Sprintf("%s %s", p.Level, p.Trouble)
	}
	for key, want := range map[string]string{
		"imap new.example.net": "error certificate", "submission new.example.net": "error refused", "pop3 new.example.net": "ok ",
		"dav dav.new.example.net": "error refused", "imap old.example.net": "warning inner",
	} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	c := report.Domains[0].Clients[0]
	if c.Level != checkup.LevelError || !strings.Contains(c.Sentence, "but new.example.net:993 cannot be used: its certificate") {
		t.Errorf("got %+v", c)
	}
	if report.Outcome() != rehome.OutcomeDiffers {
		t.Errorf("got %s", report.Outcome())
	}
}

// Whoever redirects without an end, to a place without TLS, sends much, or speaks no HTTP costs one answer.
func TestAsk_hostilePlaces(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/round":
			http.Redirect(w, r, "/round?"+r.URL.RawQuery+"x", http.StatusFound)
		case "/plain":
			http.Redirect(w, r, "http://a.example/x", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/inner":
			http.Redirect(w, r, "https://127.0.0.1/x", http.StatusFound)
		case "/long":
			_, _ = w.Write(make([]byte, 10<<20))
		case "/once", "/kept":
			if r.Method != "PROPFIND" || r.URL.Path == "/kept" {
				w.WriteHeader(http.StatusMultiStatus)
				return
			}
			http.Redirect(w, r, "/kept", http.StatusMovedPermanently)
		}
	}, "a.example")
	n.web(t, func(http.ResponseWriter, *http.Request) {}, "b.example")
	n.listen("c.example", 443, n.listens[net.JoinHostPort(n.hosts["b.example"].String(), "443")])
	a := newAsker(n.world())
	for where, want := range map[string]Trouble{
		"https://a.example/round": Unusable, "https://a.example/plain": Unusable,
		"https://a.example/file": Unusable, "https://a.example/inner": Inner,
		"https://a.example/long": Unusable, "https://c.example/": Certificate, "https://b.example:444/": Refused, "https://d.example/": NoName,
		"https://a.example/": NoTrouble,
	} {
		if got := a.ask(t.Context(), question{how: get, where: where}); got.trouble != want || (want == NoTrouble) != (got.why == "") {
			t.Errorf("%s: got %q, %q, want %q", where, got.trouble, got.why, want)
		}
	}
	kept := a.ask(t.Context(), question{how: propfind, where: "https://a.example/once"})
	if kept.status != http.StatusMultiStatus || !slices.Equal(kept.via, []string{"https://a.example/kept"}) {
		t.Errorf("got %+v, want that the redirect keeps the method", kept)
	}
}
