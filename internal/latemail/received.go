// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"net/netip"
	"slices"
	"strings"
)

// maxFields bounds the Received fields that are looked at: more than a hundred is a loop (RFC 5321, section 6.3).
const maxFields = 100

// maxName bounds what is shown of a host's name.
const maxName = 100

// hop is what a Received field says of who delivered (RFC 5321, section 4.4).
type hop struct {
	name  string // that the receiver has looked up, or else that the sender gave itself
	ip    netip.Addr
	local bool // handed over within the host: LMTP, or no "from" at all
}

// sender returns the host that delivered a message to the source: the first from the top that is not of the source's own. Servers
// put their field on top, so that what stands below may be made up; own says which addresses are known to be the source's.
// It is "" where the header does not say.
func sender(header []byte, own func(netip.Addr) bool) string {
	hops := receivedIn(header)
	outside := func(h hop) bool {
		return !h.local && h.ip.IsValid() && !h.ip.IsLoopback() && !h.ip.IsPrivate() && !own(h.ip)
	}
	i := slices.IndexFunc(hops, outside)
	if i < 0 { // within one house, everybody is near
		i = slices.IndexFunc(hops, func(h hop) bool { return !h.local && !own(h.ip) })
	}
	if i < 0 {
		return ""
	}
	return hops[i].String()
}

// String renders "mx.example.net (192.0.2.1)", or what of it is known.
func (h hop) String() string {
	switch {
	case !h.ip.IsValid():
		return h.name
	case h.name == "":
		return h.ip.String()
	}
	return h.name + " (" + h.ip.String() + ")"
}

// receivedIn returns the hops of a header, the last first, as they stand.
func receivedIn(header []byte) []hop {
	unfolded := strings.NewReplacer("\r\n ", " ", "\r\n\t", " ", "\n ", " ", "\n\t", " ").Replace(string(header)) // RFC 5322, section 2.2.3
	var hops []hop
	for line := range strings.Lines(unfolded) {
		name, value, found := strings.Cut(line, ":")
		if found && strings.EqualFold(strings.TrimSpace(name), "Received") {
			hops = append(hops, readHop(value))
		}
		if len(hops) == maxFields {
			break
		}
	}
	return hops
}

// readHop reads the clauses of one field: from what, and by which protocol.
func readHop(value string) hop {
	value, _, _ = strings.Cut(value, ";")
	words := strings.Fields(value)
	if len(words) < 2 || !strings.EqualFold(words[0], "from") {
		return hop{local: true}
	}
	from, rest := clause(words[1:], "by")
	_, with := clause(rest, "with")
	h := hop{ip: addressIn(from)}
	if len(with) > 0 {
		protocol := strings.ToUpper(with[0])
		h.local = strings.HasPrefix(protocol, "LMTP") || protocol == "LOCAL"
	}
	h.name = nameIn(from)
	return h
}

// clause cuts words at one of them that stands outside of comments.
func clause(words []string, end string) (before, after []string) {
	depth := 0
	for i, w := range words {
		if depth == 0 && strings.EqualFold(w, end) {
			return words[:i], words[i+1:]
		}
		depth = max(0, depth+strings.Count(w, "(")-strings.Count(w, ")"))
	}
	return words, nil
}

// addressIn finds the IP address in a from clause: "[192.0.2.1]", "[IPv6:2001:db8::1]", or in parentheses.
func addressIn(from []string) netip.Addr {
	for _, w := range from {
		for part := range strings.FieldsFuncSeq(w, func(r rune) bool { return strings.ContainsRune("()[],;", r) }) {
			part = strings.TrimPrefix(strings.TrimPrefix(part, "IPv6:"), "IPV6:")
			if addr, err := netip.ParseAddr(part); err == nil {
				return addr.Unmap().WithZone("")
			}
		}
	}
	return netip.Addr{}
}

// nameIn finds the name in a from clause. "helo.example (rdns.example [192.0.2.1])" is how Postfix, Sendmail and Courier write it, and
// "rdns.example ([192.0.2.1] helo=helo.example)" Exim: what the receiver has looked up counts, unless it found nothing.
func nameIn(from []string) string {
	if len(from) == 0 { // "from by": anybody may write a header
		return ""
	}
	name := strings.Trim(from[0], "()")
	if i := slices.IndexFunc(from[1:], func(w string) bool { return strings.HasPrefix(w, "(") }); i >= 0 {
		if looked := strings.Trim(from[1+i], "()"); isName(looked) { // only the first comment has it
			name = looked
		}
	}
	if !isName(name) {
		return ""
	}
	return strings.ToLower(name[:min(len(name), maxName)])
}

// isName tells names of hosts from literals, "unknown" and whatever else stands there.
func isName(s string) bool {
	if s == "" || strings.EqualFold(s, "unknown") || strings.EqualFold(s, "helo") {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	for _, c := range []byte(s) {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
