// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"net/netip"
	"strconv"
	"strings"
)

// Term is one part of an SPF record (RFC 7208 sections 5 and 6).
type Term struct {
	Qualifier byte   // '+', '-', '~' or '?'; 0 for a modifier
	Name      string // "include", "ip4", "redirect"
	Value     string // behind ":" or "=", with the prefix lengths
}

// String renders the term as it stands in a record.
func (t Term) String() string {
	switch {
	case t.Qualifier == 0:
		return t.Name + "=" + t.Value
	case t.Value == "":
		return sign(t.Qualifier) + t.Name
	case strings.HasPrefix(t.Value, "/"):
		return sign(t.Qualifier) + t.Name + t.Value
	}
	return sign(t.Qualifier) + t.Name + ":" + t.Value
}

func sign(qualifier byte) string {
	if qualifier == '+' {
		return ""
	}
	return string(qualifier)
}

// SPF is a record that says who may send mail of a domain (RFC 7208).
type SPF struct {
	Text  string
	Terms []Term
}

// maxTerms is more than fits into an answer.
const maxTerms = 500

// ReadSPF finds and reads the record among the TXT records of a domain. Without one, Text is "". More than one are a permanent
// error for receivers (section 4.5), and so is a term that is not understood (section 4.6).
func ReadSPF(texts []string) (SPF, error) {
	var found []string
	for _, text := range texts {
		version, _, _ := strings.Cut(text, " ")
		if strings.EqualFold(version, "v=spf1") {
			found = append(found, text)
		}
	}
	text, err := single("SPF", found)
	if err != nil || text == "" {
		return SPF{}, err
	}
	spf := SPF{Text: text}
	for _, word := range strings.Fields(text)[1:] {
		term, err := readTerm(word)
		if err != nil {
			return SPF{Text: text}, err
		}
		if spf.Terms = append(spf.Terms, term); len(spf.Terms) > maxTerms {
			return SPF{Text: text}, wrong("SPF", "has more than %d terms", maxTerms)
		}
	}
	return spf, spf.check()
}

func readTerm(word string) (Term, error) {
	if at := strings.IndexAny(word, ":/="); at > 0 && word[at] == '=' {
		return Term{Name: strings.ToLower(word[:at]), Value: word[at+1:]}, nil
	}
	t := Term{Qualifier: '+'}
	rest := word
	if strings.IndexByte("+-~?", word[0]) >= 0 {
		t.Qualifier, rest = word[0], word[1:]
	}
	t.Name = rest
	if at := strings.IndexAny(rest, ":/"); at >= 0 {
		t.Name, t.Value = rest[:at], strings.TrimPrefix(rest[at:], ":")
	}
	t.Name = strings.ToLower(t.Name)
	bad := wrong("SPF", "has %q, which is not understood", excerpt(word))
	switch t.Name {
	case "all":
		if rest != t.Name && !strings.EqualFold(rest, t.Name) {
			return t, bad
		}
	case "include", "exists":
		if name, _, _ := strings.Cut(t.Value, "/"); name == "" {
			return t, bad
		}
	case "a", "mx", "ptr":
		if strings.HasSuffix(rest, ":") {
			return t, bad
		}
		if _, ok := t.host(""); !ok {
			return t, bad
		}
	case "ip4", "ip6":
		if _, ok := t.network(); !ok {
			return t, bad
		}
	default:
		return t, bad
	}
	return t, nil
}

// check finds what makes the record as a whole void: a modifier that stands there twice (section 6).
func (s SPF) check() error {
	seen := map[string]bool{}
	for _, t := range s.Terms {
		if t.Qualifier != 0 || t.Name != "redirect" && t.Name != "exp" {
			continue
		}
		if seen[t.Name] {
			return wrong("SPF", "has %s= twice", t.Name)
		}
		if seen[t.Name] = true; t.Value == "" {
			return wrong("SPF", "has %s= without a value", t.Name)
		}
	}
	return nil
}

// network reads ip4 and ip6.
func (t Term) network() (netip.Prefix, bool) {
	text := t.Value
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(addr, addr.BitLen()), addr.Is4() == (t.Name == "ip4")
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err == nil && prefix.Addr().Is4() == (t.Name == "ip4")
}

// lengths are the prefix lengths of a host: example.com/24//64.
type lengths struct {
	name   string
	v4, v6 int
}

// host reads what a and mx name; without a name it is the domain whose record it is.
func (t Term) host(domain string) (lengths, bool) {
	h := lengths{name: domain, v4: 32, v6: 128}
	rest := t.Value
	if at := strings.Index(rest, "/"); at >= 0 {
		if at > 0 {
			h.name = rest[:at]
		}
		v4, v6, both := strings.Cut(strings.TrimPrefix(rest[at:], "/"), "//")
		if strings.HasPrefix(v4, "/") { // only the second one: //64
			v4, v6, both = "", v4[1:], true
		}
		ok := true
		if v4 != "" {
			h.v4, ok = length(v4, 32)
		}
		if both && ok {
			h.v6, ok = length(v6, 128)
		}
		return h, ok
	}
	if rest != "" {
		h.name = rest
	}
	return h, true
}

func length(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= most && len(s) <= 3
}

// All returns the qualifier of the "all" at the end of the record, 0 if it has none: '-' refuses what does not match, '~' marks
// it, '?' says nothing, '+' lets anybody send.
func (s SPF) All() byte {
	for _, t := range s.Terms {
		if t.Name == "all" {
			return t.Qualifier
		}
	}
	return 0
}

// Has reports whether the record has a term that lets somebody send, as it is written: include:spf.example.net.
func (s SPF) Has(mechanism string) bool {
	want, err := readTerm(mechanism)
	if err != nil {
		return false
	}
	for _, t := range s.Terms {
		if t.same(want) {
			return true
		}
	}
	return false
}

// same reports whether a term lets those send that another one names.
func (t Term) same(want Term) bool {
	return t.Qualifier == '+' && t.Name == want.Name && strings.EqualFold(strings.TrimSuffix(t.Value, "."), strings.TrimSuffix(want.Value, "."))
}

// With returns the text of the record with mechanisms that it lacks put in front of the first term that ends it: behind "all"
// nothing is looked at (section 5.1). An empty record becomes one for the domain's mail hosts,
// which marks all others with "~all".
func (s SPF) With(mechanisms ...string) string {
	if s.Text == "" {
		return SPF{Text: "v=spf1", Terms: []Term{{Qualifier: '+', Name: "mx"}, {Qualifier: '~', Name: "all"}}}.With(mechanisms...)
	}
	words := strings.Fields(s.Text)[:1]
	put := false
	add := func() {
		for _, m := range mechanisms {
			if !put && !s.Has(m) {
				words = append(words, m)
			}
		}
		put = true
	}
	for _, t := range s.Terms {
		if t.Name == "all" || t.Name == "redirect" && t.Qualifier == 0 {
			add()
		}
		words = append(words, t.String())
	}
	add()
	return strings.Join(words, " ")
}

// Without returns the text of the record without the terms that let these send; what it does not have changes nothing.
func (s SPF) Without(mechanisms ...string) string {
	text := s.Text
	for _, m := range mechanisms {
		if !s.Has(m) {
			continue
		}
		want, _ := readTerm(m) // Has has read it
		words := strings.Fields(text)[:1]
		for _, word := range strings.Fields(text)[1:] {
			if t, err := readTerm(word); err != nil || !t.same(want) {
				words = append(words, word)
			}
		}
		text = strings.Join(words, " ")
	}
	return text
}
