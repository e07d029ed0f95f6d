// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"regexp"
	"strings"
	"time"
)

// The lines that tell of a delivery. Exim marks them with an arrow (its specification, 52.9: "=>"
// and "->" normal and further addresses, "*>" kept from delivery by -N, ">>" cutthrough), Postfix
// with status=sent (its BUILTIN: smtp, lmtp, virtual, local and pipe log alike). What was refused at
// the door or bounced is no sighting: nobody received it.
var (
	eximLine = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?(?: ([+-]\d{4}))?(?: \[\d+\])? ` +
		`[0-9A-Za-z]{6,}-[0-9A-Za-z]{6,}-[0-9A-Za-z]{2,} (?:=>|->|>>) (.*)$`)
	postfixLine = regexp.MustCompile(`^(\S.{14}|\d{4}-\d\d-\d\dT\S+) \S+ postfix[\w/-]*/[\w-]+\[\d+\]: [0-9A-Za-z]+: (to=<.*status=sent\b.*)$`)
	postfixTo   = regexp.MustCompile(`(?:^|[ ,])(?:orig_)?to=<([^<>]*)>`)
	eximRouter  = regexp.MustCompile(` (?:R|T|F|P|H|S)=`)
)

// inLine returns the addresses that a log line says mail was delivered to: the final one and, where
// both programs log it, the one that the sender wrote to. latest is a time that the line cannot be
// after; it gives syslog's dates their year.
func inLine(line string, latest time.Time) []Sighting {
	if m := eximLine.FindStringSubmatch(line); m != nil {
		head := m[3]
		if cut := eximRouter.FindStringIndex(head); cut != nil {
			head = head[:cut[0]]
		}
		return sightings(addressesIn(head), eximTime(m[1], m[2]))
	}
	m := postfixLine.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	var all []string
	for _, to := range postfixTo.FindAllStringSubmatch(m[2], 2) {
		all = append(all, addressesIn(to[1])...)
	}
	return sightings(all, syslogTime(m[1], latest))
}

func sightings(addresses []string, when time.Time) (all []Sighting) {
	seen := map[string]bool{}
	for _, address := range addresses {
		if !seen[address] {
			all = append(all, Sighting{Address: address, When: when, Evidence: InLog})
		}
		seen[address] = true
	}
	return all
}

func eximTime(text, zone string) time.Time {
	if zone == "" {
		zone = "+0000"
	}
	when, _ := time.Parse("2006-01-02 15:04:05 -0700", text+" "+zone) // zero is "not known"
	return when
}

// syslogTime reads RFC 3339 and the date of RFC 3164, which has no year: the last such date that is
// not after latest.
func syslogTime(text string, latest time.Time) time.Time {
	if when, err := time.Parse(time.RFC3339, text); err == nil {
		return when
	}
	when, err := time.Parse(time.Stamp, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	for year := latest.Year(); year > latest.Year()-5; year-- { // 29 February needs its year
		dated := time.Date(year, when.Month(), when.Day(), when.Hour(), when.Minute(), when.Second(), 0, time.UTC)
		if dated.Month() == when.Month() && !dated.After(latest.Add(24*time.Hour)) {
			return dated
		}
	}
	return time.Time{}
}
