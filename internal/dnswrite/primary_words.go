// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/protocol/dns"
)

// refusal is what a code of RFC 2136 section 2.2 or RFC 8945 section 5.2 means for the person who has to act.
type refusal struct {
	class rehome.Class
	means string
	hint  string
}

func refusals() map[string]refusal {
	return map[string]refusal{
		"BADKEY": {rehome.ClassAuth, "the server does not know the key",
			"compare the name and the algorithm of the key, letter by letter, with those in the server's configuration"},
		"BADSIG": {rehome.ClassAuth, "the server knows the key, and has another secret for it",
			"copy the secret of the key from the server's configuration again"},
		"BADTIME": {rehome.ClassOperator, "the clocks of this machine and of the server are too far apart",
			"set both clocks, for example by NTP, and run this again"},
		"BADTRUNC": {rehome.ClassOperator, "the server wants a longer signature", "use a key with hmac-sha256"},
		"NOTAUTH": {rehome.ClassOperator, "the server is not the primary of this zone, or does not accept the key",
			"check that dns.providers names the zone and the server that takes its changes, and that the server knows the key"},
		"REFUSED": {rehome.ClassOperator, "the server does not let this key change it",
			"allow the key to change these records: allow-update or update-policy in BIND, an acl with action update in Knot"},
		"NOTZONE": {rehome.ClassOperator, "a name is not in the zone", "check the zone in dns.providers"},
		"NOTIMP":  {rehome.ClassOperator, "the server takes no updates", "name the primary server, or set the provider of this zone to by_hand"},
		"FORMERR": {rehome.ClassPermanent, "the server does not understand the update",
			"set the provider of this zone to by_hand, and report this with the server's name and version"},
		"SERVFAIL": {rehome.ClassTemporary, "the server failed", "look into its log: often it may not write its zone file or journal"},
	}
}

// opChange is told from reading: what was read has proved that the server holds the zone and knows the key.
const opChange = "change"

func (p *Primary) refusal(op, code string) refusal {
	all := refusals()
	switch {
	case op == opChange && p.unsigned && (code == "NOTAUTH" || code == "REFUSED"):
		return refusal{rehome.ClassAuth, "the server takes no changes without a key from this machine", "give key and secret of this zone in dns.providers"}
	case op == opChange && code == "BADKEY": // Knot, about a key that is in no rule of the zone
		return all["REFUSED"]
	}
	if known, ok := all[code]; ok {
		return known
	}
	return refusal{rehome.ClassPermanent, "the server refuses", "look into the server's log"}
}

// fault turns what a primary did into a sentence.
func (p *Primary) fault(op, object string, err error) error {
	f := &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: object, Cause: fmt.Errorf("%s: %w", p.server, err),
		Hint: "check the address in dns.providers and that a firewall lets TCP through to it; whatever was done, it is safe to run this again"}
	var refused *dns.UpdateError
	var format *dns.FormatError
	switch {
	case errors.As(err, &refused):
		known := p.refusal(op, refused.Code)
		means := known.means
		if refused.Time != 0 {
			means += fmt.Sprintf(": the server's is %d seconds %s", max(refused.Time, -refused.Time), aheadOrBehind(refused.Time))
		}
		f.Class, f.Hint = known.class, known.hint
		f.Cause = &meaning{fmt.Sprintf("%s (%s answers %s)", means, p.server, refused.Code), err}
	case errors.Is(err, dns.ErrNotSigned):
		f.Class = rehome.ClassUntrusted
		f.Hint = "nothing can be believed that this server says; check that dns.providers names the right server and key"
	case errors.As(err, &format):
		f.Class, f.Hint = rehome.ClassPermanent, "check that dns.providers names a DNS server"
	}
	return f
}

// meaning is an error in words for people.
type meaning struct {
	text  string
	cause error
}

func (m *meaning) Error() string { return m.text }
func (m *meaning) Unwrap() error { return m.cause }

func aheadOrBehind(seconds int64) string {
	if seconds < 0 {
		return "behind"
	}
	return "ahead"
}
