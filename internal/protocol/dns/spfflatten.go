// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The limits of an SPF check (RFC 7208 section 4.6.4). Beyond them a receiver fails permanently.
const (
	MaxSPFLookups = 10 // terms that ask: include, a, mx, ptr, exists, redirect
	MaxSPFVoid    = 2  // of these, answers without a record
	maxSPFHosts   = 10 // hosts of one mx
)

// maxSPFTerms bounds the whole of a record and what it includes: a receiver stops at ten, and it is worth knowing how many there
// are, but not without an end.
const maxSPFTerms = 40

// Resolver answers questions, through aliases. *Client is one.
type Resolver interface {
	Resolve(ctx context.Context, name string, kind Type) (Answer, error)
}

// Flattened is what an SPF record comes to, with everything that it includes.
type Flattened struct {
	Networks []netip.Prefix // that may send, sorted
	// Lookups is how many terms ask if none matches before: the worst case, in which a receiver comes to the end.
	Lookups  int
	Void     int
	Includes []string // names of records that are included, in order
	// Problems are what makes receivers fail, or what lets anybody send; each is a clause with the name of the record in it.
	Problems []string
	// Dynamic are terms that depend on the sender, which no list can show: exists, ptr, macros.
	Dynamic []string
	// Unknown are terms whose names could not be asked for.
	Unknown []string
}

// Flatten follows everything that the record of a domain names. What could not be asked is in Unknown; the error is the
// context's.
func Flatten(ctx context.Context, resolver Resolver, domain string, spf SPF) (Flattened, error) {
	f := &flattening{resolver: resolver}
	f.record(ctx, canonical(domain), spf, nil)
	if f.Lookups > MaxSPFLookups {
		f.problem("it needs %d lookups, and receivers fail after %d", f.Lookups, MaxSPFLookups)
	}
	if f.Void > MaxSPFVoid {
		f.problem("%d of its names have no record, and receivers fail after %d", f.Void, MaxSPFVoid)
	}
	slices.SortFunc(f.Networks, func(a, b netip.Prefix) int {
		if order := a.Addr().Compare(b.Addr()); order != 0 {
			return order
		}
		return a.Bits() - b.Bits()
	})
	f.Networks = slices.Compact(f.Networks)
	return f.Flattened, ctx.Err()
}

type flattening struct {
	Flattened
	resolver Resolver
	terms    int
}

func (f *flattening) problem(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

// record adds what one record names. above are the records that lead to it.
func (f *flattening) record(ctx context.Context, domain string, spf SPF, above []string) {
	above = append(slices.Clone(above), domain)
	redirect := ""
	for _, t := range spf.Terms {
		if f.terms++; f.terms > maxTerms {
			return
		}
		switch {
		case t.Qualifier == 0 && t.Name == "redirect":
			redirect = t.Value
		case t.Qualifier == 0: // exp= and what is not known asks nothing that counts (section 6)
		case t.Name == "all":
			if t.Qualifier == '+' {
				f.problem("the record of %s ends in +all: anybody may send", domain)
			}
			return // behind it nothing counts, redirect neither (section 6.1)
		default:
			f.term(ctx, domain, t, above)
		}
	}
	if redirect != "" {
		f.include(ctx, redirect, above, true)
	}
}

func (f *flattening) term(ctx context.Context, domain string, t Term, above []string) {
	if t.Name == "ip4" || t.Name == "ip6" {
		if network, ok := t.network(); ok && t.Qualifier == '+' {
			f.Networks = append(f.Networks, network)
		}
		return
	}
	if t.Name == "include" {
		f.include(ctx, t.Value, above, t.Qualifier == '+')
		return
	}
	f.Lookups++
	if t.Name == "exists" || t.Name == "ptr" || strings.Contains(t.Value, "%") {
		f.Dynamic = append(f.Dynamic, t.String())
		return
	}
	host, ok := t.host(domain)
	if !ok || f.Lookups > maxSPFTerms {
		return
	}
	names := []string{host.name}
	if t.Name == "mx" {
		names = f.mailHosts(ctx, t, host.name)
	}
	for _, name := range names {
		f.addresses(ctx, t, host, canonical(name))
	}
}

// mailHosts are the hosts of an mx term. More than ten are an error (section 4.6.4).
func (f *flattening) mailHosts(ctx context.Context, t Term, domain string) []string {
	answer, ok := f.ask(ctx, t, domain, MX)
	if !ok {
		return nil
	}
	if len(answer.Records) == 0 {
		f.Void++
	}
	names := ReadMX(answer.Records).Names()
	if len(names) > maxSPFHosts {
		f.problem("%s has %d mail hosts, and receivers fail after %d", domain, len(names), maxSPFHosts)
		names = names[:maxSPFHosts]
	}
	return names
}

func (f *flattening) addresses(ctx context.Context, t Term, host lengths, name string) {
	v4, ok := f.ask(ctx, t, name, A)
	if !ok {
		return
	}
	v6, ok := f.ask(ctx, t, name, AAAA)
	if !ok {
		return
	}
	found := addresses(append(slices.Clone(v4.Records), v6.Records...))
	if len(found) == 0 && t.Name == "a" {
		f.Void++
	}
	for _, addr := range found {
		bits := host.v6
		if addr.Is4() {
			bits = host.v4
		}
		if t.Qualifier == '+' {
			f.Networks = append(f.Networks, netip.PrefixFrom(addr, bits).Masked())
		}
	}
}

// include adds the record of another domain. counts says that what it allows is allowed.
func (f *flattening) include(ctx context.Context, name string, above []string, counts bool) {
	f.Lookups++
	if strings.Contains(name, "%") {
		f.Dynamic = append(f.Dynamic, "include:"+name)
		return
	}
	name = canonical(name)
	if slices.Contains(above, name) {
		f.problem("the record of %s includes itself", name)
		return
	}
	if f.Lookups > maxSPFTerms {
		return
	}
	answer, ok := f.ask(ctx, Term{Qualifier: '+', Name: "include", Value: name}, name, TXT)
	if !ok {
		return
	}
	f.Includes = append(f.Includes, name)
	if len(answer.Records) == 0 {
		f.Void++
	}
	spf, err := ReadSPF(Texts(answer.Records))
	switch {
	case err != nil:
		f.problem("of %s: %v", name, err)
		return
	case spf.Text == "": // section 5.2
		f.problem("%s, which it includes, has no SPF record: receivers fail", name)
		return
	}
	before := len(f.Networks)
	f.record(ctx, name, spf, above)
	if !counts {
		f.Networks = f.Networks[:before]
	}
}

// ask reports false, and keeps the term as unknown, where nobody has answered.
func (f *flattening) ask(ctx context.Context, t Term, name string, kind Type) (Answer, bool) {
	answer, err := f.resolver.Resolve(ctx, name, kind)
	if err != nil {
		if said := t.String(); !slices.Contains(f.Unknown, said) {
			f.Unknown = append(f.Unknown, said)
		}
		return Answer{}, false
	}
	return answer, true
}
