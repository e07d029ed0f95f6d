// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
	"rehome/lab/dovecot"
	"rehome/lab/postfix"
)

// NewMX, NewIMAP and Outside are host names on the small Internet.
const (
	NewMX   = "mx1.new.test"
	NewIMAP = "imap.new.test"
	Outside = "mail.supplier.test" // from where mail comes
)

// ZoneKey is the TSIG key with which the zones may be changed.
var ZoneKey = dnstree.Key{Name: "rehome.", Secret: base64.StdEncoding.EncodeToString([]byte("the key of the scenario, 32 oct."))}

// Online is both ends of a move on a small Internet: a DNS root, the domains' zones at two servers of which the second, a Knot, follows
// the first, and a Postfix in front of each end. The MX records lead to the old one.
type Online struct {
	Tree     *dnstree.Tree
	Old, New *postfix.Server

	client *dns.Client
	from   net.IP // of Outside
}

// OnlineOptions say what is put there.
type OnlineOptions struct {
	Domains             []string
	Source, Destination *dovecot.Server // the second answers Postfix who somebody is
	Accounts            []string        // addresses that both take
	Aliases             string          // a virtual(5) table, for both
	Primary             dnstree.Kind    // the server where zones are changed; "" means a Knot
}

// GoOnline starts it in the lab. Port 25 is the only one that mail servers know, so it is root's.
func GoOnline(l *lab.Lab, options OnlineOptions) (*Online, error) {
	o := &Online{}
	if err := o.startDNS(l, options); err != nil {
		return nil, err
	}
	from, err := l.NewHost()
	if err != nil {
		return nil, err
	}
	o.from = net.ParseIP(from)
	mx := func(name, server string, behind *dovecot.Server, submission *postfix.Submission) (*postfix.Server, error) {
		host := o.Tree.Hosts[server].String()
		return postfix.Start(l, postfix.Options{
			Name: "postfix-" + server, SMTP: net.JoinHostPort(host, "25"), Domains: options.Domains, Accounts: options.Accounts,
			Virtual: options.Aliases, TLS: true, Hosts: []string{name, host, NewIMAP}, LMTP: behind.LMTP, Submission: submission,
		})
	}
	if o.Old, err = mx("mail."+options.Domains[0], "oldmx", options.Source, nil); err != nil {
		return nil, err
	}
	o.New, err = mx(NewMX, "newmx", options.Destination, &postfix.Submission{Auth: options.Destination.SASL, LMTP: options.Destination.LMTP})
	return o, err
}

func (o *Online) startDNS(l *lab.Lab, options OnlineOptions) error {
	imap, _, err := net.SplitHostPort(options.Destination.IMAPS)
	if err != nil {
		return err
	}
	servers := []dnstree.Server{{Name: "root", Kind: dnstree.Knot},
		{Name: "ns1", Kind: cmp.Or(options.Primary, dnstree.Knot), Keys: []dnstree.Key{ZoneKey}},
		{Name: "ns2", Kind: dnstree.Knot, Follows: "ns1"}, {Name: "oldmx", Kind: dnstree.Nobody}, {Name: "newmx", Kind: dnstree.Nobody}}
	const head = "$TTL 1\n@ SOA ns1.hosts.test. a. 1 7200 900 604800 60\n@ NS ns1.hosts.test.\n@ NS ns2.hosts.test.\n"
	root := "$TTL 60\n@ SOA a.root. a. 1 7200 900 604800 60\n@ NS a.root.\na.root. A {root}\nns1.hosts.test. A {ns1}\nns2.hosts.test. A {ns2}\n"
	var zones []dnstree.Zone
	for _, domain := range append([]string{"new.test"}, options.Domains...) {
		text := head + "@ MX 10 mail\nmail A {oldmx}\n"
		if domain == "new.test" {
			text = head + "mx1 A {newmx}\nimap A " + imap + "\n"
		}
		zones = append(zones, dnstree.Zone{Name: domain + ".", On: []string{"ns1"}, Text: text})
		root += domain + ". NS ns1.hosts.test.\n" + domain + ". NS ns2.hosts.test.\n"
	}
	if o.Tree, err = dnstree.Start(l, servers, append(zones, dnstree.Zone{Name: ".", On: []string{"root"}, Text: root})); err != nil {
		return err
	}
	o.client = dns.New(dns.Options{Roots: []dns.Server{{Addrs: []netip.Addr{o.Tree.Hosts["root"]}}}, Anchors: []dns.Anchor{}, Port: o.Tree.Port,
		Timeout: 10 * time.Second, Pause: time.Microsecond})
	return nil
}

// DNSSettings is the section dns of rehome.yaml, on one line. The secret of the key is in the file dnskey.
func (o *Online) DNSSettings() string {
	return fmt.Sprintf(`dns: {roots: [%s], port: %d, timeout: 10s, pause: 1us, `+
		`providers: {zone: {kind: rfc2136, server: %q, key: %s, secret: "file:dnskey"}}}`,
		o.Tree.Hosts["root"], o.Tree.Port, o.Primary(), ZoneKey.Name)
}

// Primary is the address and port of the DNS server at which zones are changed.
func (o *Online) Primary() string {
	return net.JoinHostPort(o.Tree.Hosts["ns1"].String(), strconv.Itoa(int(o.Tree.Port)))
}

// MX returns the first mail host of a domain, as its servers name it now.
func (o *Online) MX(ctx context.Context, domain string) (string, error) {
	answer, err := o.client.Resolve(ctx, domain, dns.MX)
	if err != nil {
		return "", err
	}
	names := dns.ReadMX(answer.Records).Names()
	if len(names) == 0 {
		return "", errors.New(domain + " has no MX record")
	}
	return names[0], nil
}

// Deliver sends a message as a mail server out in the world does: to the host that the MX record names now.
func (o *Online) Deliver(ctx context.Context, to, messageID string) error {
	_, domain, _ := strings.Cut(to, "@")
	name, err := o.MX(ctx, domain)
	if err != nil {
		return err
	}
	addrs, err := o.client.Addresses(ctx, name)
	if err != nil {
		return err
	}
	if len(addrs) == 0 {
		return errors.New(name + " has no address")
	}
	return o.deliver(ctx, net.JoinHostPort(addrs[0].String(), "25"), to, messageID)
}

// DeliverOld sends a message as one does that has not heard of the switch.
func (o *Online) DeliverOld(ctx context.Context, to, messageID string) error {
	return o.deliver(ctx, o.Old.SMTP, to, messageID)
}

func (o *Online) deliver(ctx context.Context, address, to, messageID string) error {
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: o.from}}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	client, err := smtp.NewClient(conn, "mx.lab.test")
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer client.Close()
	for _, step := range []func() error{
		func() error { return client.Hello(Outside) }, func() error { return client.Mail("someone@supplier.test") },
		func() error { return client.Rcpt(to) }, func() error { return letter(client, to, messageID) }, client.Quit,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("deliver to %s: %w", address, err)
		}
	}
	return nil
}

func letter(client *smtp.Client, to, messageID string) error {
	body, err := client.Data()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(body, "From: someone@supplier.test\r\nTo: %s\r\nSubject: %[2]s\r\nMessage-ID: <%[2]s>\r\nDate: %s\r\n\r\nHello\r\n",
		to, messageID, time.Now().Format(time.RFC1123Z))
	return errors.Join(err, body.Close())
}
