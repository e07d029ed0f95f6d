// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rehome/internal/protocol/dns"
)

// internet is a small one: names with addresses, and what listens there. Every host has an address of its own.
type internet struct {
	root *x509.CertPool
	key  *ecdsa.PrivateKey
	ca   *x509.Certificate

	mu      sync.Mutex
	hosts   map[string]netip.Addr
	listens map[string]string       // "192.0.2.1:443" to where that is on this machine
	records map[string][]dns.Record // by type and name
	silent  map[string]bool         // names about which DNS says nothing
}

func newInternet(t testing.TB) *internet {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n := &internet{root: x509.NewCertPool(), key: key, hosts: map[string]netip.Addr{}, listens: map[string]string{},
		records: map[string][]dns.Record{}, silent: map[string]bool{}}
	n.ca, _ = x509.ParseCertificate(n.issue(t, true, "root"))
	n.root.AddCert(n.ca)
	return n
}

func (n *internet) issue(t testing.TB, isRoot bool, names ...string) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: isRoot,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	parent := n.ca
	if isRoot {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, n.key.Public(), n.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (n *internet) serverTLS(t testing.TB, names ...string) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{n.issue(t, false, names...)}, PrivateKey: n.key}}}
}

// host makes a name exist.
func (n *internet) host(name string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if addr, there := n.hosts[name]; there {
		return addr
	}
	addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(len(n.hosts) + 1)})
	n.hosts[name] = addr
	return addr
}

// listen lets something on this machine be at a port of a host.
func (n *internet) listen(name string, port int, local string) {
	addr := n.host(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listens[net.JoinHostPort(addr.String(), fmt.Sprint(port))] = local
}

// web runs a web server with a certificate for the names, which is at each of them.
func (n *internet) web(t testing.TB, handler http.HandlerFunc, names ...string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = n.serverTLS(t, names...)
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, name := range names {
		n.listen(name, 443, server.Listener.Addr().String())
	}
}

// mail runs a server that greets, for the service, with a certificate for a name.
func (n *internet) mail(t testing.TB, service Service, name string, port int, certified string) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", n.serverTLS(t, certified))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	n.listen(name, port, listener.Addr().String())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go speak(conn, service)
		}
	}()
}

// speak says as much as it takes to see which log-ins are offered.
func speak(conn net.Conn, service Service) {
	defer conn.Close()
	fmt.Fprint(conn, map[Service]string{
		IMAP: "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n", POP3: "+OK hello\r\n", Submission: "220 mail ESMTP\r\n",
	}[service])
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		tag, _, _ := strings.Cut(lines.Text(), " ")
		switch verb := strings.ToUpper(lines.Text()); {
		case service == IMAP:
			fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK done\r\n", tag)
		case service == POP3 && strings.HasPrefix(verb, "CAPA"):
			io.WriteString(conn, "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n")
		case service == Submission && strings.HasPrefix(verb, "EHLO"):
			io.WriteString(conn, "250-mail\r\n250 AUTH PLAIN LOGIN\r\n")
		case service == POP3:
			io.WriteString(conn, "+OK\r\n")
		default:
			io.WriteString(conn, "250 ok\r\n")
		}
	}
}

// leadDAV lets the service records of a domain lead to a host.
func (n *internet) leadDAV(t testing.TB, domain, host string) {
	t.Helper()
	for _, kind := range []string{"caldavs", "carddavs"} {
		name := "_" + kind + "._tcp." + domain
		n.records["SRV "+name] = records(t, name+". SRV 0 1 443 "+host+".").records
	}
}

// Resolve implements Names.
func (n *internet) Resolve(_ context.Context, name string, kind dns.Type) (dns.Answer, error) {
	if n.silent[name] {
		return dns.Answer{}, errors.New("no answer from the servers of " + name)
	}
	return dns.Answer{Name: name, Records: n.records[string(kind)+" "+name]}, nil
}

// Addresses implements Names.
func (n *internet) Addresses(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.silent[host] {
		return nil, errors.New("no answer from the servers of " + host)
	}
	if addr, there := n.hosts[host]; there {
		return []netip.Addr{addr}, nil
	}
	return nil, nil
}

func (n *internet) world() World {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		n.mu.Lock()
		local := n.listens[address]
		n.mu.Unlock()
		if local == "" {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		return (&net.Dialer{}).DialContext(ctx, network, local)
	}
	return World{Names: n, Dial: dial, TLS: &tls.Config{RootCAs: n.root}, Timeout: 20 * time.Second}
}
