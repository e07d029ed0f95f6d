// SPDX-License-Identifier: Apache-2.0

// Package dnstree runs a small Internet of names in a lab: a root, what it delegates, and real servers for it, each at an address
// of its own and all at one port.
//
// A zone's text names addresses by the servers' names in braces, {ns1}; Start fills them in, signs from the bottom up what is to
// be signed, puts the DS records into the zones above, and starts the servers. A zone may stand there several times, for servers
// that hold different versions of it.
package dnstree

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"rehome/lab"
	"rehome/lab/bind"
	"rehome/lab/knot"
)

// Kind is the software of a server.
type Kind string

// The kinds.
const (
	Knot     Kind = "knot"
	BIND     Kind = "bind"
	Nobody   Kind = "nobody"   // an address at which nothing listens
	Scripted Kind = "scripted" // an address for a server of the test's own
)

// Server is one server. One that is followed stands before its followers. At most one is a BIND: it listens only at addresses that
// the interface really has, which are 127.0.0.1 and ::1, and not at the others of 127.0.0.0/8.
type Server struct {
	Name string // stands in braces in zones
	Kind Kind
	IPv6 bool // it also answers at ::1, which only one server of a lab can

	Keys    []Key  // may change all zones whose text it holds
	Follows string // name of a server from which it takes all its zones, and which tells it of changes; only Knot
}

// Key is a TSIG key with hmac-sha256.
type Key struct {
	Name    string
	Secret  string // base64
	NoWrite bool   // it is known, and may change nothing
}

// Zone is one version of a zone.
type Zone struct {
	Name    string // with a dot at the end
	Text    string // all records, with the TTL as default
	On      []string
	Signing bind.Signing // "" leaves it unsigned
	Begin   string       // of the signatures, see bind.SignOptions
	End     string
	Unknown bool // the parent gets no DS record
}

// Tree is what runs.
type Tree struct {
	Port    uint16
	Hosts   map[string]netip.Addr // of each server by its name
	Digests map[string][]string   // DS records by zone: fields behind the type

	running map[string]changer
}

// changer is a server whose zones can be changed.
type changer interface {
	Change(zone, text string) error
}

// Change gives one server another version of a zone, with a larger serial number and without signatures, as a person or a program
// would that changes it meanwhile. The server answers from it some time later.
func (t *Tree) Change(server, zone, text string) error {
	return t.running[server].Change(zone, t.filled(text))
}

// filled puts addresses in the places of names.
func (t *Tree) filled(text string) string {
	for name, addr := range t.Hosts {
		text = strings.ReplaceAll(text, "{"+name+"}", addr.String())
	}
	return text
}

// Start runs servers and zones in the lab; children stand before their parents in zones.
func Start(l *lab.Lab, servers []Server, zones []Zone) (*Tree, error) {
	tree := &Tree{Hosts: map[string]netip.Addr{}, Digests: map[string][]string{}, running: map[string]changer{}}
	if err := tree.place(l, servers); err != nil {
		return nil, err
	}
	held := map[string]map[string]string{}
	digests := map[string]string{}
	for _, zone := range zones {
		text, err := tree.text(l, zone, digests)
		if err != nil {
			return nil, fmt.Errorf("zone %s: %w", zone.Name, err)
		}
		for _, server := range zone.On {
			if held[server] == nil {
				held[server] = map[string]string{}
			}
			held[server][zone.Name] = text
		}
	}
	for zone, set := range digests {
		tree.Digests[zone] = fields(set)
	}
	return tree, tree.start(l, servers, held)
}

// place gives every server an address, and all of them one port that is free.
func (t *Tree) place(l *lab.Lab, servers []Server) error {
	var err error
	if t.Port, err = freePort(); err != nil {
		return err
	}
	for _, server := range servers {
		if server.Kind == BIND {
			t.Hosts[server.Name] = netip.AddrFrom4([4]byte{127, 0, 0, 1})
			continue
		}
		host, err := l.NewHost()
		if err != nil {
			return err
		}
		if t.Hosts[server.Name], err = netip.ParseAddr(host); err != nil {
			return err
		}
	}
	return nil
}

// freePort returns a port that is free at 127.0.0.1, where others are too, for UDP and TCP.
func freePort() (uint16, error) {
	var last error
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		at := packets.LocalAddr().String()
		streams, err := net.Listen("tcp", at)
		if last = errors.Join(err, packets.Close()); err != nil {
			continue
		}
		port, err := netip.ParseAddrPort(at)
		return port.Port(), errors.Join(err, streams.Close())
	}
	return 0, last
}

// text fills in addresses and digests, and signs.
func (t *Tree) text(l *lab.Lab, zone Zone, digests map[string]string) (string, error) {
	text := t.filled(zone.Text)
	for child, set := range digests {
		_, parent, _ := strings.Cut(child, ".")
		if parent == zone.Name || parent == "" && zone.Name == "." && child != "." {
			text += "\n" + set
		}
	}
	if zone.Signing == "" {
		return text, nil
	}
	signed, set, err := bind.Sign(l, bind.SignOptions{Zone: zone.Name, Text: text, Signing: zone.Signing, Begin: zone.Begin, End: zone.End})
	if !zone.Unknown {
		digests[zone.Name] = set
	}
	return signed, err
}

func (t *Tree) start(l *lab.Lab, servers []Server, held map[string]map[string]string) error {
	for _, server := range servers {
		var tells []string
		for _, other := range servers {
			if other.Follows == server.Name {
				tells = append(tells, t.Hosts[other.Name].String())
			}
		}
		var err error
		switch server.Kind {
		case Knot:
			t.running[server.Name], err = knot.Start(l, t.knot(server, held, tells))
		case BIND:
			t.running[server.Name], err = bind.Start(l, t.bind(server, held, tells))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) knot(server Server, held map[string]map[string]string, tells []string) knot.Options {
	options := knot.Options{Name: server.Name, Hosts: t.listensAt(server), Port: t.port(), Zones: held[server.Name], Tells: tells}
	for _, key := range server.Keys {
		options.Keys = append(options.Keys, knot.Key(key))
	}
	if server.Follows == "" {
		return options
	}
	options.Zones, options.Follows = nil, map[string]string{}
	for zone := range held[server.Follows] {
		options.Follows[zone] = t.Hosts[server.Follows].String()
	}
	return options
}

func (t *Tree) bind(server Server, held map[string]map[string]string, tells []string) bind.Options {
	options := bind.Options{Name: server.Name, Hosts: t.listensAt(server), Port: t.port(), Zones: held[server.Name], Tells: tells}
	for _, key := range server.Keys {
		options.Keys = append(options.Keys, bind.Key(key))
	}
	return options
}

func (t *Tree) port() string { return strconv.Itoa(int(t.Port)) }

func (t *Tree) listensAt(server Server) []string {
	hosts := []string{t.Hosts[server.Name].String()}
	if server.IPv6 {
		hosts = append(hosts, net.IPv6loopback.String())
	}
	return hosts
}

// fields returns what stands behind the type in DS records.
func fields(set string) []string {
	var all []string
	for line := range strings.Lines(set) {
		parts := strings.Fields(line)
		if at := slices.Index(parts, "DS"); at >= 0 && len(parts) > at+4 {
			all = append(all, strings.Join(parts[at+1:at+4], " ")+" "+strings.Join(parts[at+4:], ""))
		}
	}
	return all
}
