// SPDX-License-Identifier: Apache-2.0

package scout

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/textproto"
	"slices"
	"strings"

	"rehome/internal/protocol/dns"
)

// The bounds of a saved message: its header is read and nothing else.
const (
	maxHeader    = 1 << 20
	maxSelectors = 10
)

// usualSelectors are names that providers and installers are known to use.
func usualSelectors() []string {
	return []string{"default", "dkim", "mail", "selector1", "selector2", "google", "s1", "s2", "k1", "k2", "key1", "smtp", "atmail", "x"}
}

// SelectorsIn returns the selectors of the keys that have signed a saved message in the name of a domain (RFC 6376 section 3.5). A
// text without a header is an error.
func SelectorsIn(message io.Reader, domain string) ([]string, error) {
	header, err := textproto.NewReader(bufio.NewReader(io.LimitReader(message, maxHeader))).ReadMIMEHeader()
	if err != nil && len(header) == 0 {
		return nil, fmt.Errorf("it has no header of a message: %w", err)
	}
	var all []string
	for _, signature := range header["Dkim-Signature"] {
		selector, of := tagOf(signature, "s"), strings.ToLower(tagOf(signature, "d"))
		if name := strings.ToLower(selector); of == domain && validSelector(name, domain) && !slices.Contains(all, name) && len(all) < maxSelectors {
			all = append(all, name)
		}
	}
	return all, nil
}

// tagOf reads one tag of a list (RFC 6376 section 3.2).
func tagOf(list, tag string) string {
	for part := range strings.SplitSeq(list, ";") {
		name, value, _ := strings.Cut(part, "=")
		if strings.TrimSpace(name) == tag {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}

func validSelector(selector, domain string) bool {
	return selector != "" && !strings.ContainsAny(selector, " /@:\"'*") && dns.ValidName(dns.DKIMName(selector, domain))
}

// nobody is a label that nobody has: where it has a record, every name has one.
const nobody = "rehome-asks-whether-every-name-exists"

// selectors returns those that are given, and the usual ones that have a key. unsure says that every name has one.
func selectors(ctx context.Context, asker dns.Resolver, subject Subject) (all []string, unsure bool) {
	all = append([]string{}, subject.Selectors...)
	if hasKey(ctx, asker, nobody, subject.Domain) {
		return all, len(all) == 0
	}
	for _, selector := range usualSelectors() {
		if !slices.Contains(all, selector) && hasKey(ctx, asker, selector, subject.Domain) {
			all = append(all, selector)
		}
	}
	return all, false
}

func hasKey(ctx context.Context, asker dns.Resolver, selector, domain string) bool {
	answer, err := asker.Resolve(ctx, dns.DKIMName(selector, domain), dns.TXT)
	if err != nil {
		return false // not known: the check of the records says what does not answer
	}
	_, found, err := dns.ReadDKIM(dns.Texts(answer.Records))
	return found && err == nil
}
