// SPDX-License-Identifier: Apache-2.0

// Package dnswritetest is what every dnswrite.Writer that writes has to pass, with Apply around it. A test of a writer starts a
// server, or a fake of a provider's interface, fills a Bench and calls Run.
package dnswritetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// Bench is a zone that is changed by rehome and by somebody else.
type Bench struct {
	Writer dnswrite.Writer
	// Stranger makes a set what it says, by other means than the Writer.
	Stranger func(t *testing.T, set dnswrite.Set)
	// Refused is a writer to the same zone whose credential is wrong, and Secret is what that is.
	Refused dnswrite.Writer
	Secret  string
}

// Run holds all clauses against a writer, one after another.
func Run(t *testing.T, b Bench) {
	for name, clause := range map[string]func(*testing.T, Bench){
		"every type":          everyType,
		"several sets":        severalSets,
		"somebody else":       somebodyElse,
		"texts of others":     textsOfOthers,
		"in the same moment":  sameMoment,
		"an answer lost":      answerLost,
		"yes without a deed":  yesWithoutDeed,
		"half of the way":     halfOfTheWay,
		"a wrong credential":  wrongCredential,
		"a zone of somebody":  notInZone,
		"what is there first": right,
	} {
		t.Run(name, func(t *testing.T) { clause(t, b) })
	}
}

// key is a set below a label of the zone, "" for the zone itself.
func (b Bench) key(label string, kind dns.Type) dnswrite.Key {
	if label == "" {
		return dnswrite.Key{Name: b.Writer.Zone(), Type: kind}
	}
	return dnswrite.Key{Name: label + "." + b.Writer.Zone(), Type: kind}
}

// low and high are TTLs that the writer takes.
func (b Bench) low() int { return max(b.Writer.Capability().MinTTL, 300) }

func (b Bench) high() int { return 2 * b.low() }

func (b Bench) read(t *testing.T, key dnswrite.Key) dnswrite.Set {
	t.Helper()
	sets, err := b.Writer.Read(t.Context(), []dnswrite.Key{key})
	if err != nil || len(sets) != 1 {
		t.Fatalf("read %s: got %v, %v, want one set", key, sets, err)
	}
	return sets[0]
}

func (b Bench) stands(t *testing.T, want dnswrite.Set) {
	t.Helper()
	if got := b.read(t, want.Key); !got.Equal(want) {
		t.Errorf("%s: got %v, want %v", want.Key, got, want)
	}
}

func (b Bench) written(t *testing.T, changes ...dnswrite.Change) {
	t.Helper()
	result, err := dnswrite.Apply(t.Context(), b.Writer, changes)
	if err != nil || len(result.Written) != len(changes) {
		t.Fatalf("got %+v, %v, want %d changes written", result, err, len(changes))
	}
	again, err := dnswrite.Apply(t.Context(), untouched{b.Writer, t}, changes)
	if err != nil || len(again.Already) != len(changes) {
		t.Errorf("again: got %+v, %v, want that all stands already", again, err)
	}
}

// untouched is a writer that nobody may write with.
type untouched struct {
	dnswrite.Writer
	t *testing.T
}

func (u untouched) Write(context.Context, []dnswrite.Change) error {
	u.t.Error("something is written though all stands already")
	return nil
}

func right(t *testing.T, b Bench) {
	if err := b.Writer.Check(t.Context()); err != nil {
		t.Errorf("check: got %v (%s), want none", err, rehome.HintOf(err))
	}
	if c := b.Writer.Capability(); c.ByHand || c.Title == "" || c.Precondition == "" || c.Atomic == "" || c.Race() == "" {
		t.Errorf("got the capability %+v, want one that says all", c)
	}
	b.stands(t, dnswrite.NewSet(b.key("nothing.here", dns.MX), 0))
}

// everyType publishes, replaces, gives another TTL and removes.
func everyType(t *testing.T, b Bench) {
	long := "v=DKIM1; k=rsa; p=" + strings.Repeat("MIGfMA0GCSqGSIb3", 30)
	for kind, values := range map[dns.Type][2][]string{
		dns.MX:    {{"10 mail.example.net", "20 mail2.example.net"}, {"10 mx1.new.example"}},
		dns.TXT:   {{long}, {`a "quoted" \ text; with (all) of it`, "v=STSv1; id=1"}},
		dns.CNAME: {{"old.example.net"}, {"new.example.net"}},
		dns.A:     {{"192.0.2.1", "192.0.2.2"}, {"192.0.2.3"}},
		dns.AAAA:  {{"2001:db8::1"}, {"2001:db8::2", "2001:db8::3"}},
		dns.SRV:   {{"0 1 993 imap.example.net"}, {"0 1 993 imap.new.example"}},
		dns.CAA:   {{`0 issue ca.example`}, {`0 issue ca.example`, `0 issuewild other.example; account=1`}},
	} {
		if kind == dns.SRV && b.Writer.Capability().NoSRV {
			continue
		}
		// A server may refuse an underscore where the name has to be that of a host, as BIND does.
		key := b.key("every."+strings.ToLower(string(kind)), kind)
		none, old := dnswrite.NewSet(key, 0), dnswrite.NewSet(key, b.high(), values[0]...)
		lower := dnswrite.NewSet(key, b.low(), values[0]...)
		other := dnswrite.NewSet(key, b.low(), values[1]...)
		raised := dnswrite.NewSet(key, b.high(), values[1]...)
		for _, change := range []dnswrite.Change{{Old: none, New: old}, {Old: old, New: lower}, {Old: lower, New: other}, {Old: other, New: raised},
			{Old: raised, New: lower}, {Old: lower, New: none}} {
			b.written(t, change)
			b.stands(t, change.New)
		}
	}
}

// severalSets puts an alias into the place of addresses, which only works if they go first, and changes another set with it.
func severalSets(t *testing.T, b Bench) {
	four, six, alias, mx := b.key("several", dns.A), b.key("several", dns.AAAA), b.key("several", dns.CNAME), b.key("other.several", dns.MX)
	changes := []dnswrite.Change{
		{Old: dnswrite.NewSet(alias, 0), New: dnswrite.NewSet(alias, b.low(), "new.example.net")},
		{Old: dnswrite.NewSet(four, b.low(), "192.0.2.1"), New: dnswrite.NewSet(four, 0)},
		{Old: dnswrite.NewSet(six, b.low(), "2001:db8::1"), New: dnswrite.NewSet(six, 0)},
		{Old: dnswrite.NewSet(mx, 0), New: dnswrite.NewSet(mx, b.low(), "10 mail.example.net")},
	}
	b.Stranger(t, changes[1].Old)
	b.Stranger(t, changes[2].Old)
	// One that is forgotten must not cost the others: a server would take the address away and leave the alias out.
	if _, err := dnswrite.Apply(t.Context(), untouched{b.Writer, t}, changes[:2]); err == nil || rehome.HintOf(err) == "" {
		t.Errorf("an alias beside an address: got %v, want an error with a next step", err)
	}
	b.stands(t, changes[1].Old)
	b.written(t, changes...)
	if _, err := dnswrite.Apply(t.Context(), untouched{b.Writer, t}, []dnswrite.Change{changes[1].Back()}); err == nil || rehome.HintOf(err) == "" {
		t.Errorf("an address beside an alias: got %v, want an error with a next step", err)
	}
	var back []dnswrite.Change
	for _, c := range changes {
		back = append(back, c.Back())
	}
	b.written(t, back...)
	b.stands(t, changes[1].Old)
}

// somebodyElse changes one of two sets: neither is written.
func somebodyElse(t *testing.T, b Bench) {
	one, two := b.key("one", dns.MX), b.key("two", dns.MX)
	old, theirs := dnswrite.NewSet(one, b.low(), "10 old.example.net"), dnswrite.NewSet(one, b.low(), "10 theirs.example.net")
	changes := []dnswrite.Change{{Old: dnswrite.NewSet(two, 0), New: dnswrite.NewSet(two, b.low(), "10 new.example.net")},
		{Old: old, New: dnswrite.NewSet(one, b.low(), "10 new.example.net")}}
	for _, found := range []dnswrite.Set{theirs, dnswrite.NewSet(one, b.high(), old.Values...), dnswrite.NewSet(one, 0)} {
		b.Stranger(t, found)
		result, err := dnswrite.Apply(t.Context(), untouched{b.Writer, t}, changes)
		var changed *dnswrite.ChangedError
		if !errors.As(err, &changed) || len(changed.Differences) != 1 || !changed.Differences[0].Found.Equal(found) || len(result.Written) != 0 {
			t.Errorf("got %+v, %v, want the difference to %v", result, err, found)
		}
		if rehome.HintOf(err) == "" {
			t.Errorf("%v has no next step", err)
		}
		b.stands(t, found)
	}
}

func textsOfOthers(t *testing.T, b Bench) {
	key := b.key("", dns.TXT)
	old := dnswrite.NewSet(key, b.high(), "v=spf1 mx -all", "proof=1")
	b.Stranger(t, dnswrite.NewSet(key, b.high(), "v=spf1 mx -all", "proof=1", "proof=2"))
	change := dnswrite.Change{Old: old, New: dnswrite.NewSet(key, b.low(), "v=spf1 mx include:new.example -all", "proof=1")}
	b.written(t, change)
	b.stands(t, dnswrite.NewSet(key, b.low(), "v=spf1 mx include:new.example -all", "proof=1", "proof=2"))
	b.written(t, change.Back())
	b.stands(t, dnswrite.NewSet(key, b.high(), "v=spf1 mx -all", "proof=1", "proof=2"))
	b.Stranger(t, dnswrite.NewSet(key, 0))
}

// between is a writer with somebody at work between its look and its write.
type between struct {
	dnswrite.Writer
	write func(ctx context.Context, changes []dnswrite.Change) error
}

func (b between) Write(ctx context.Context, changes []dnswrite.Change) error {
	return b.write(ctx, changes)
}

// sameMoment has somebody write between the look and the write. What the capability promises has to hold.
func sameMoment(t *testing.T, b Bench) {
	key := b.key("moment", dns.MX)
	old, theirs := dnswrite.NewSet(key, b.low(), "10 old.example.net"), dnswrite.NewSet(key, b.low(), "10 theirs.example.net")
	b.Stranger(t, old)
	change := dnswrite.Change{Old: old, New: dnswrite.NewSet(key, b.low(), "10 new.example.net")}
	_, err := dnswrite.Apply(t.Context(), between{b.Writer, func(ctx context.Context, changes []dnswrite.Change) error {
		b.Stranger(t, theirs)
		return b.Writer.Write(ctx, changes)
	}}, []dnswrite.Change{change})
	var changed *dnswrite.ChangedError
	switch promised := b.Writer.Capability().Precondition != dnswrite.NoPrecondition; {
	case errors.As(err, &changed):
		b.stands(t, theirs)
	case promised || err != nil:
		t.Errorf("got %v, want that somebody else has changed the zone", err)
	default:
		b.stands(t, change.New)
	}
}

func answerLost(t *testing.T, b Bench) {
	key := b.key("lost", dns.MX)
	change := dnswrite.Change{Old: dnswrite.NewSet(key, 0), New: dnswrite.NewSet(key, b.low(), "10 new.example.net")}
	result, err := dnswrite.Apply(t.Context(), between{b.Writer, func(ctx context.Context, changes []dnswrite.Change) error {
		return errors.Join(b.Writer.Write(ctx, changes), errors.New("the connection broke"))
	}}, []dnswrite.Change{change})
	if err != nil || len(result.Written) != 1 {
		t.Errorf("got %+v, %v, want that it is written", result, err)
	}
	b.stands(t, change.New)
}

func yesWithoutDeed(t *testing.T, b Bench) {
	key := b.key("deed", dns.MX)
	change := dnswrite.Change{Old: dnswrite.NewSet(key, 0), New: dnswrite.NewSet(key, b.low(), "10 new.example.net")}
	result, err := dnswrite.Apply(t.Context(), between{b.Writer, func(context.Context, []dnswrite.Change) error { return nil }},
		[]dnswrite.Change{change})
	if err == nil || rehome.HintOf(err) == "" || len(result.Written) != 0 {
		t.Errorf("got %+v, %v, want an error with a next step", result, err)
	}
}

// halfOfTheWay is what an interrupted write may leave behind: some sets are written, and of one only the values.
func halfOfTheWay(t *testing.T, b Bench) {
	one, two := b.key("half", dns.MX), b.key("whole", dns.MX)
	changes := []dnswrite.Change{
		{Old: dnswrite.NewSet(one, b.high(), "10 old.example.net"), New: dnswrite.NewSet(one, b.low(), "10 new.example.net")},
		{Old: dnswrite.NewSet(two, 0), New: dnswrite.NewSet(two, b.low(), "10 new.example.net")},
	}
	b.Stranger(t, dnswrite.NewSet(one, b.high(), "10 new.example.net"))
	b.Stranger(t, changes[1].New)
	result, err := dnswrite.Apply(t.Context(), b.Writer, changes)
	if err != nil || len(result.Written) != 1 || len(result.Already) != 1 {
		t.Errorf("got %+v, %v, want one written and one that stood there", result, err)
	}
	b.stands(t, changes[0].New)
}

func wrongCredential(t *testing.T, b Bench) {
	key := b.key("", dns.MX)
	change := dnswrite.Change{Old: dnswrite.NewSet(key, 0), New: dnswrite.NewSet(key, b.low(), "10 new.example.net")}
	_, readErr := b.Refused.Read(t.Context(), []dnswrite.Key{key})
	_, applyErr := dnswrite.Apply(t.Context(), b.Refused, []dnswrite.Change{change})
	for what, err := range map[string]error{"check": b.Refused.Check(t.Context()), "read": readErr, "apply": applyErr} {
		var fault *rehome.Fault
		if !errors.As(err, &fault) || fault.Hint == "" || fault.Class != rehome.ClassAuth && fault.Class != rehome.ClassOperator {
			t.Errorf("%s: got %v, want a refused log-in with a next step", what, err)
			continue
		}
		if strings.Contains(err.Error()+fault.Hint, b.Secret) {
			t.Errorf("%s: the secret is in the error", what)
		}
	}
}

func notInZone(t *testing.T, b Bench) {
	for _, key := range []dnswrite.Key{{Name: "elsewhere.example", Type: dns.MX}, {Name: "x" + b.Writer.Zone(), Type: dns.MX},
		b.key("", dns.NS), b.key("", dns.SOA)} {
		_, err := dnswrite.Apply(t.Context(), untouched{b.Writer, t},
			[]dnswrite.Change{{Old: dnswrite.NewSet(key, 0), New: dnswrite.NewSet(key, b.low(), "10 new.example.net")}})
		if err == nil || rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v, want that it is not touched", key, err)
		}
	}
}
