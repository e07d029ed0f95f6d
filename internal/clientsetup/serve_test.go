// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
)

// serving is a responder on a port of this machine, and what trusts it.
type serving struct {
	port   string
	caFile string
	roots  *x509.CertPool
	stop   func() error
}

// names are the hosts that a test's certificate is for.
func names() []string {
	return []string{"autoconfig.example.com", "autodiscover.example.com", "example.com", "ua-auto-config.example.com", "dav.example.com"}
}

func serve(t testing.TB, responder *Responder, pairs *KeyPairs, root *authority, listen string) serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, responder, ServeOptions{Listen: listen, Pairs: pairs, Ready: func(addresses []string) { ready <- addresses[0] }})
	}()
	s := serving{stop: func() error { cancel(); return <-ended }}
	select {
	case address := <-ready:
		_, s.port, _ = net.SplitHostPort(address)
	case err := <-ended:
		t.Fatal(err)
	}
	if root != nil {
		s.caFile = put(t, pemOf(t, nil, root))
		s.roots = x509.NewCertPool()
		s.roots.AddCert(root.certificate)
	}
	return s
}

// curl asks as a client does that takes a host name from the address, and returns headers and body.
func (s serving) curl(t *testing.T, address string, args ...string) string {
	t.Helper()
	all := []string{"--silent", "--show-error", "--include", "--max-time", "30", "--cacert", s.caFile}
	for _, name := range names() {
		all = append(all, "--resolve", name+":"+s.port+":127.0.0.1")
	}
	scheme, rest, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(rest, "/")
	return runs(t, nil, "curl", append(append(all, args...), scheme+"://"+host+":"+s.port+"/"+path)...)
}

func newPairs(t testing.TB, root *authority) (*KeyPairs, string) {
	t.Helper()
	leaf := issue(t, root, "ECDSA", "responder", names()...)
	folder := t.TempDir() // as certbot keeps it
	for name, content := range map[string][]byte{chainFile: pemOf(t, nil, leaf), keyFile: pemOf(t, leaf.key)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pairs, err := OpenKeyPairs([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	return pairs, folder
}

// Office asks in this order: the JSON form, then the XML form without a password, and again with one only after a 401.
func TestServe_inOutlooksOrder(t *testing.T) {
	t.Parallel()
	root := issue(t, nil, "ECDSA", "root")
	pairs, _ := newPairs(t, root)
	s := serve(t, newTestResponder(t, "example.com destination\nstays@example.com source\n", nil), pairs, root, "127.0.0.1:0")
	for address, server := range map[string]string{"anna@example.com": "new.example.net", "stays@example.com": "old.example.net"} {
		found := s.curl(t, "https://autodiscover.example.com/autodiscover/autodiscover.json?Email="+address+"&Protocol=AutodiscoverV1&RedirectCount=1",
			"--user-agent", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)")
		want := `{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.example.com:` + s.port + `/autodiscover/autodiscover.xml"}`
		if !strings.Contains(found, want) {
			t.Fatalf("got %s, want %s", found, want)
		}
		answer := s.curl(t, "https://autodiscover.example.com/autodiscover/autodiscover.xml", "--header", "Content-Type: text/xml; charset=utf-8",
			"--data-binary", pox(address))
		head, document, _ := strings.Cut(answer, "\r\n\r\n")
		if !strings.Contains(head, " 200") || !strings.Contains(strings.ToLower(head), "content-type: text/xml; charset=utf-8") {
			t.Errorf("got %s", head)
		}
		got := runs(t, []byte(document), "xmllint", "--xpath", `string(//*[local-name()="Protocol"][1]/*[local-name()="Server"])`, "-")
		if strings.TrimSpace(got) != server {
			t.Errorf("%s: got %s, want %s", address, got, server)
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// Each way in which Thunderbird, K-9, a PACC client and one of calendars look; and after a restart the same answers.
func TestServe_sameAfterRestart(t *testing.T) {
	t.Parallel()
	root := issue(t, nil, "ECDSA", "root")
	pairs, _ := newPairs(t, root)
	r := newTestResponder(t, "", nil)
	s := serve(t, r, pairs, root, "127.0.0.1:0")
	all := func() string {
		t.Helper()
		var b strings.Builder
		for _, address := range []string{
			"https://autoconfig.example.com/mail/config-v1.1.xml?emailaddress=anna%40example.com",
			"https://autoconfig.example.com/mail/config-v1.1.xml", "https://example.com/.well-known/autoconfig/mail/config-v1.1.xml",
			"https://ua-auto-config.example.com/.well-known/user-agent-configuration.json", "https://example.com/.well-known/caldav",
		} {
			got := s.curl(t, address, "--http1.1")
			if !strings.Contains(got, "old.example.net") {
				t.Errorf("%s: got %s", address, got)
			}
			for line := range strings.Lines(got) {
				if !strings.HasPrefix(line, "Date:") {
					b.WriteString(line)
				}
			}
		}
		return b.String()
	}
	first := all()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	s = serve(t, newTestResponder(t, "", nil), pairs, root, "127.0.0.1:"+s.port)
	if again := all(); again != first {
		t.Errorf("got\n%s\nand after a restart\n%s", first, again)
	}
	_ = s.stop()
}

// Horde asks the responder, behind a proxy, as it asks everybody.
func TestServe_readByHorde(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestResponder(t, "example.com destination\n", func(o *ResponderOptions) { o.BehindProxy = true }), nil, nil, "127.0.0.1:0")
	for address, server := range map[string]string{"a/b@example.com": "new.example.net", "a/b@x": "old.example.net"} {
		got := runs(t, nil, "php", "testdata/horde.php", "http://127.0.0.1:"+s.port, address)
		if !strings.HasPrefix(got, `[["Imap","`+server+`",993,"tls","`+address+`","Example"],`) || !strings.Contains(got, `["Msa","`+server+`",465`) {
			t.Errorf("%s: got %s", address, got)
		}
	}
	_ = s.stop()
}

// Whoever comes again resumes the session: that costs the responder no signature.
func TestServe_resumes(t *testing.T) {
	t.Parallel()
	root := issue(t, nil, "ECDSA", "root")
	pairs, _ := newPairs(t, root)
	s := serve(t, newTestResponder(t, "", nil), pairs, root, "127.0.0.1:0")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		RootCAs: s.roots, ServerName: "example.com", ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}}}
	for i := range 3 {
		response, err := client.Post("https://127.0.0.1:"+s.port+autodiscoverPath, mediaXML, strings.NewReader(pox("anna@example.com")))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.TLS.DidResume != (i > 0) {
			t.Errorf("connection %d: resumed %v", i+1, response.TLS.DidResume)
		}
	}
	_ = s.stop()
}

func TestServe_withoutCertificateOnlyHere(t *testing.T) {
	t.Parallel()
	err := Serve(t.Context(), newTestResponder(t, "", nil), ServeOptions{Listen: "0.0.0.0:0"})
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("got %v", err)
	}
}

// A request that is under way when the end comes gets its answer; one that never comes to an end does not hold it up.
func TestServe_stopsInOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestResponder(t, "", func(o *ResponderOptions) { o.BehindProxy = true }), nil, nil, "127.0.0.1:0")
	connection, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	body := pox("anna@example.com")
	head := "POST " + autodiscoverPath + " HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n"
	if _, err := io.WriteString(connection, head); err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(connection, begun); err != nil {
		t.Fatal(err) // the handler is reading now
	}
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	for { // until nobody is let in any more
		late, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err != nil {
			break
		}
		late.Close()
	}
	if _, err := io.WriteString(connection, body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil || !strings.Contains(string(answer), "<Server>old.example.net<") {
		t.Errorf("got %s, %v", answer, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What changes in the file is followed when it stands still, and never while it is half written or wrong.
func TestSwitchFile_followed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "switched.txt")
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenSwitches(path, nil); rehome.HintOf(err) == "" {
		t.Errorf("a file that is not there: got %v", err)
	}
	save("example.com destination\n")
	file, err := OpenSwitches(path, []string{"example.com"})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var told, warned []string
		tells, warns := make(chan string, 10), make(chan error, 10)
		go file.Watch(ctx, func(s string) { tells <- s }, func(err error) { warns <- err })
		side := func(after time.Duration) rehome.Side {
			time.Sleep(after)
			synctest.Wait()
			for len(tells) > 0 {
				told = append(told, <-tells)
			}
			for len(warns) > 0 {
				warned = append(warned, (<-warns).Error())
			}
			return file.OfDomain("example.com").At(noon)
		}
		save("") // an editor has begun
		if got := side(lookEvery + 1); got != rehome.Destination {
			t.Errorf("half a file was followed: %s", got)
		}
		save("example.com source 2026-12-04T11:00:00Z\nanna@example.com destination\n")
		if got := side(2 * lookEvery); got != rehome.Source || len(told) != 1 {
			t.Errorf("got %s, told %q", got, told)
		}
		save("example.com sauce\n")
		if got := side(5 * lookEvery); got != rehome.Source || len(warned) != 1 {
			t.Errorf("got %s, warned %q", got, warned)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if got := side(5 * lookEvery); got != rehome.Source || len(warned) != 2 {
			t.Errorf("got %s, warned %q", got, warned)
		}
		save("example.com source 2026-12-04T11:00:00Z\nanna@example.com destination\n")
		if got := side(5 * lookEvery); got != rehome.Source || len(told) != 1 || len(warned) != 2 {
			t.Errorf("got %s, told %q, warned %q", got, told, warned)
		}
		if want := "example.com: source from 2026-12-04T11:00:00Z; accounts with a change of their own: 1"; !strings.HasSuffix(told[0], want) {
			t.Errorf("got %q, want %q", told[0], want)
		}
		cancel()
	})
}

// A renewed certificate is used without a restart; a broken one is not, and leaves the old one.
func TestKeyPairs_renewed(t *testing.T) {
	t.Parallel()
	root := issue(t, nil, "ECDSA", "root")
	pairs, folder := newPairs(t, root)
	s := serve(t, newTestResponder(t, "", nil), pairs, root, "127.0.0.1:0")
	serial := func() string {
		t.Helper()
		connection, err := tls.Dial("tcp", "127.0.0.1:"+s.port, &tls.Config{RootCAs: s.roots, ServerName: "autoconfig.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	fresh := issue(t, root, "RSA", "responder", names()...)
	save := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func() (changed bool, err error) {
		for range 2 {
			former, failed := pairs.look()
			changed, err = changed || former != nil, errors.Join(err, failed)
		}
		return changed, err
	}
	save(chainFile, pemOf(t, nil, fresh)) // and not yet its key
	if changed, err := look(); changed || err == nil || serial() != first {
		t.Errorf("a chain without its key: changed %v, %v", changed, err)
	}
	save(keyFile, pemOf(t, fresh.key))
	if changed, err := look(); !changed || err != nil || serial() == first {
		t.Errorf("a renewed pair: changed %v, %v", changed, err)
	}
	if got := pairs.Lacking([]string{"autoconfig.example.com", "autoconfig.example.org"}); len(got) != 1 || got[0] != "autoconfig.example.org" {
		t.Errorf("got %v", got)
	}
	warned := 0
	for range 2 {
		pairs.warnOfExpiry(time.Now(), func(error) { warned++ })
	}
	if warned != 1 {
		t.Errorf("warned %d times of a certificate that ends in two days", warned)
	}
	_ = s.stop()
	if err := os.Chmod(filepath.Join(folder, keyFile), 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyPairs([]string{folder}); err == nil || !strings.Contains(err.Error(), "everybody can read") {
		t.Errorf("got %v", err)
	}
}

// The responder's own name wants a certificate too: people's links lead there.
func TestHostNames_withTheResponder(t *testing.T) {
	t.Parallel()
	both, _ := DescribeBoth(sample(rehome.Source), sample(rehome.Destination), Naming{}, "", "example.com")
	got := HostNames(map[string]Services{"example.com": both}, "setup.example.net")
	want := []string{"autoconfig.example.com", "autodiscover.example.com", "setup.example.net", "ua-auto-config.example.com"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A peer that holds all the connections it gets does not keep out another.
func TestGate_holdsFewOfOne(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(inner, 10, 2)
	defer g.Close()
	dial := func(from string) net.Conn {
		t.Helper()
		connection, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { connection.Close() })
		return connection
	}
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			connection, err := g.Accept()
			if err != nil {
				return
			}
			accepted <- connection
		}
	}()
	dial("127.0.0.1")
	first := <-accepted
	dial("127.0.0.1")
	<-accepted
	if n, err := dial("127.0.0.1").Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a third connection was let in")
	}
	dial("127.0.0.2")
	<-accepted
	first.Close()
	first.Close() // once is enough
	dial("127.0.0.1")
	<-accepted
}

// cpu is the time that this process has had of the processors, in seconds: other processes do not count.
func cpu() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// BenchmarkServe measures whole answers to Outlook over TLS with the client beside it, on kept connections and on a new one each.
func BenchmarkServe(b *testing.B) {
	root := issue(b, nil, "ECDSA", "root")
	pairs, _ := newPairs(b, root)
	s := serve(b, newTestResponder(b, "example.com destination\n", nil), pairs, root, "127.0.0.1:0")
	for name, kept := range map[string]bool{"kept connection": true, "new connection": false} {
		b.Run(name, func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: s.roots, ServerName: "example.com"}, DisableKeepAlives: !kept,
			}}
			defer client.CloseIdleConnections()
			began := cpu()
			for b.Loop() {
				request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://127.0.0.1:"+s.port+autodiscoverPath,
					strings.NewReader(pox("anna@example.com")))
				if err != nil {
					b.Fatal(err)
				}
				response, err := client.Do(request)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			b.ReportMetric(float64(b.N)/(cpu()-began), "requests/CPU-s")
		})
	}
	_ = s.stop()
}

// BenchmarkResponder measures an answer without the network.
func BenchmarkResponder(b *testing.B) {
	r := newTestResponder(b, "example.com destination\n", nil)
	began := cpu()
	for b.Loop() {
		if got := ask(r, http.MethodPost, "https://example.com"+autodiscoverPath, pox("anna@example.com")); got.Code != 200 {
			b.Fatal(got.Code)
		}
	}
	b.ReportMetric(float64(b.N)/(cpu()-began), "requests/CPU-s")
}
