// SPDX-License-Identifier: Apache-2.0

package thunderbird

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"rehome"
	"rehome/internal/clientcheck"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol/dns"
	"rehome/lab"
)

// The domains that "rehome clients serve" answers for: one that has switched, with somebody who has not, and the other way round.
const settingsText = `domains: [moved.test, stays.test]
roster: people.csv
source:
  {kind: imap, imap: {address: "old.test:993"}, pop3: {address: "old.test:995"}, submission: {address: "old.test:465"},
   dav: {url: "https://dav.old.test/"}}
destination:
  {kind: imap, imap: {address: "new.test:993"}, submission: {address: "new.test:587", tls: starttls}, dav: {url: "https://dav.new.test/"}}
clients: {listen: %q, certificates: [responder.pem], switched: switched.txt}
`

const switchedText = "moved.test destination\nstays@moved.test source\nmoved@stays.test destination\n"

// world is all that can be reached: names with a port, and where they are on this machine.
type world struct {
	places map[string]string
	hosts  map[string]netip.Addr
	dials  map[string]string
}

func newWorld() *world {
	return &world{places: map[string]string{}, hosts: map[string]netip.Addr{}, dials: map[string]string{}}
}

func (w *world) add(host, port, local string) {
	if _, there := w.hosts[host]; !there {
		n := len(w.hosts) + 1
		w.hosts[host] = netip.AddrFrom4([4]byte{198, 51, byte(100 + n/250), byte(n%250 + 1)}) // for documentation, RFC 5737
	}
	w.places[net.JoinHostPort(host, port)] = local
	w.dials[net.JoinHostPort(w.hosts[host].String(), port)] = local
}

// Resolve implements clientcheck.Names: there are no records.
func (w *world) Resolve(_ context.Context, name string, _ dns.Type) (dns.Answer, error) {
	return dns.Answer{Name: name}, nil
}

// Addresses implements clientcheck.Names.
func (w *world) Addresses(_ context.Context, host string) ([]netip.Addr, error) {
	if addr, there := w.hosts[host]; there {
		return []netip.Addr{addr}, nil
	}
	return nil, nil
}

func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	local, there := w.dials[address]
	if !there {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	return (&net.Dialer{}).DialContext(ctx, network, local)
}

// Compare lets a real Thunderbird and "rehome clients check" look for the same addresses, and writes a line for each. The error
// says that they do not agree, or that somebody gets the wrong servers from "rehome clients serve".
func Compare(ctx context.Context, l *lab.Lab, binary string, out io.Writer) error {
	w := newWorld()
	if err := errors.Join(serveScenes(l, w), serveRehome(l, w, binary), serveBooks(l, w)); err != nil {
		return err
	}
	program, err := Start(ctx, l, w.places)
	if err != nil {
		return err
	}
	if err := compareCollections(program, out); err != nil {
		return err
	}
	checked := clientcheck.World{Names: w, Dial: w.dial, TLS: l.ClientTLS("")}
	checked.TLS.ServerName = ""
	differ := 0
	for _, s := range subjects() {
		proposed, err := program.Find(s.address)
		if err != nil {
			return err
		}
		said, err := sayOf(ctx, checked, s.address)
		if err != nil {
			return err
		}
		got, verdict := strings.Join(proposed.words(), ", "), "same"
		if strings.Join(said, ", ") != got || s.host != "" && !strings.Contains(got, s.host) {
			differ, verdict = differ+1, "DIFFERS: check says "+strings.Join(said, ", ")
		}
		if _, err := fmt.Fprintf(out, "%-26s %-40s %s\n    %s [%s]\n", s.address, s.about, verdict, got, proposed.Source); err != nil {
			return err
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d addresses differ", differ, len(subjects()))
	}
	return nil
}

// subject is an address that is looked for; host has to be in what is found.
type subject struct{ address, host, about string }

func subjects() []subject {
	all := []subject{
		{"moved@moved.test", "new.test", "rehome serves: the domain has switched"}, {"stays@moved.test", "old.test", "rehome serves: this person has not"},
		{"stays@stays.test", "old.test", "rehome serves: the domain has not"}, {"moved@stays.test", "new.test", "rehome serves: this person has"},
	}
	for _, s := range scenes() {
		all = append(all, subject{"anna@" + s.name + ".test", "", s.about})
	}
	return all
}

// words are servers in a form that can be compared.
func (f Found) words() []string {
	var all []string
	for _, s := range slices.Concat(f.Incoming, f.Outgoing) {
		all = append(all, fmt.Sprintf("%s %s:%d %s %s", s.Type, s.Hostname, s.Port, s.Socket, s.Username))
	}
	slices.Sort(all)
	return all
}

// sayOf is what "clients check" says that Thunderbird finds.
func sayOf(ctx context.Context, world clientcheck.World, address string) ([]string, error) {
	_, domain, _ := strings.Cut(address, "@")
	report, err := clientcheck.Check(ctx, world, []clientcheck.Subject{{
		Services: clientsetup.Services{Domain: domain}, Side: rehome.Source, People: []clientcheck.Person{{Address: address, Side: rehome.Source}},
	}})
	if err != nil {
		return nil, err
	}
	var all []string
	for _, s := range report.Domains[0].Clients[0].Servers {
		kind := map[clientcheck.Service]string{clientcheck.Submission: "smtp"}[s.Service]
		if kind == "" {
			kind = string(s.Service)
		}
		socket := map[string]string{"implicit": "SSL", "starttls": "STARTTLS", "none": "plain"}[string(s.Security)]
		all = append(all, fmt.Sprintf("%s %s:%d %s %s", kind, s.Host, s.Port, socket, s.User))
	}
	slices.Sort(all)
	return all, nil
}

// serveScenes answers for the domains of the scenes.
func serveScenes(l *lab.Lab, w *world) error {
	pages := map[string]page{}
	var names []string
	for _, s := range scenes() {
		for place, p := range s.pages {
			host, path, _ := strings.Cut(place, "/")
			pages[strings.TrimPrefix(host+"."+s.name+".test", ".")+"/"+path] = p
		}
		names = append(names, "autoconfig."+s.name+".test", "autodiscover."+s.name+".test", s.name+".test")
	}
	address, err := webServer(l, names, func(out http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		p, there := pages[host+r.URL.Path]
		if !there {
			out.WriteHeader(http.StatusNotFound)
			return
		}
		out.Header().Set("Content-Type", p.media)
		out.WriteHeader(p.status)
		_, _ = io.WriteString(out, p.body)
	})
	for _, name := range names {
		w.add(name, "443", address)
	}
	return err
}

func webServer(l *lab.Lab, names []string, handler http.HandlerFunc) (string, error) {
	certificate, key, err := l.Issue(names...)
	if err != nil {
		return "", err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return "", err
	}
	listener, err := tls.Listen("tcp", net.JoinHostPort(l.Host(), "0"), &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)} // a look-up that has succeeded elsewhere hangs up
	go func() { _ = server.Serve(listener) }()                                     // ends with Close
	return listener.Addr().String(), l.OnClose(server.Close)
}

// serveRehome runs "rehome clients serve".
func serveRehome(l *lab.Lab, w *world, binary string) error {
	address, err := l.Addr()
	if err != nil {
		return err
	}
	var names []string
	for _, domain := range []string{"moved.test", "stays.test"} {
		names = append(names, "autoconfig."+domain, "autodiscover."+domain, domain)
	}
	certificate, key, err := l.Issue(names...)
	if err != nil {
		return err
	}
	pair := ""
	for _, file := range []string{certificate, key} {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pair += string(text)
	}
	dir, err := os.MkdirTemp(l.Dir(), "move")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"rehome.yaml": fmt.Sprintf(settingsText, address), "switched.txt": switchedText, "responder.pem": pair} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if binary, err = filepath.Abs(binary); err != nil {
		return err
	}
	for _, name := range names {
		w.add(name, "443", address)
	}
	_, err = l.Start(lab.Program{Name: "serve", Command: binary, Args: []string{"-c", filepath.Join(dir, "rehome.yaml"), "clients", "serve"},
		Ready: []string{address}})
	return err
}
