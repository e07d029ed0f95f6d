// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"rehome"
)

// Host is one address at which a mail host answers. A name may have several, and mail goes to any of them
// (RFC 5321 section 5.1), so that each has to give the same answers.
type Host struct {
	Name    string // host:port, which the certificate names
	Address string // IP address and port
}

// String is the name, with the address where the name does not say it.
func (h Host) String() string {
	if h.Name == h.Address {
		return h.Name
	}
	address, _, _ := net.SplitHostPort(h.Address) // Resolve has joined it
	return h.Name + " (" + address + ")"
}

// LookupFunc finds the addresses of a name, as net.Resolver.LookupNetIP does.
type LookupFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Resolve returns every address behind the names, each "host:port", in their order. A name that has none is
// an error: mail to it would fail as well.
func Resolve(ctx context.Context, names []string, lookup LookupFunc) ([]Host, error) {
	var all []Host
	for _, name := range names {
		host, port, err := net.SplitHostPort(name)
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the mail host", Object: name, Cause: err,
				Hint: "write host and port in destination.mx.addresses"}
		}
		found, err := lookup(ctx, "ip", host)
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassTemporary, Op: "find the address of", Object: name, Cause: err,
				Hint: "check destination.mx.addresses and this machine's name server"}
		}
		slices.SortFunc(found, netip.Addr.Compare)
		for _, address := range slices.Compact(found) {
			all = append(all, Host{Name: name, Address: net.JoinHostPort(address.Unmap().String(), port)})
		}
	}
	return all, nil
}
