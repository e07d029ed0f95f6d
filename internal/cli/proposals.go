// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"rehome"
	"rehome/internal/clientcheck"
	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/scout"
)

// none is the answer of somebody who wants nothing where something is proposed.
const none = "-"

// proposable are the questions to which a look at the domain may propose an answer.
func proposable() map[string]clientcheck.Service {
	return map[string]clientcheck.Service{
		"source-imap": clientcheck.IMAP, "source-pop3": clientcheck.POP3, "source-submission": clientcheck.Submission,
		"source-sieve": clientcheck.Sieve, "source-dav": clientcheck.DAV, "source-webmail": clientcheck.Webmail,
	}
}

// prompt is the question with what Enter means.
func (q question) prompt(proposed string) string {
	switch {
	case proposed != "" && q.empty != "":
		return fmt.Sprintf("%s (Enter: %s; %s: %s)", q.text, printable(proposed), none, q.empty)
	case proposed != "":
		return fmt.Sprintf("%s (Enter: %s)", q.text, printable(proposed))
	case q.empty != "":
		return fmt.Sprintf("%s (Enter: %s)", q.text, q.empty)
	}
	return q.text
}

// proposalFor returns what is proposed for a question, and says where it comes from.
func (i *interview) proposalFor(q question) (scout.Proposal, bool) {
	service, some := proposable()[q.flag]
	if !some {
		return scout.Proposal{}, false
	}
	p, found := i.found.Of(service)
	if found {
		i.f.say("  found: %s in %s", printable(p.Value), printable(p.From))
		mark := i.f.screen.palette.green("+")
		if !p.Works {
			mark = i.f.screen.palette.yellow("!")
		}
		i.f.say("  %s %s", mark, printable(p.Answer))
	}
	return p, found
}

// adopt takes what was found and works where nobody can be asked.
func (i *interview) adopt() {
	for _, q := range questionsOf(i.draft) {
		p, found := i.found.Of(proposable()[q.flag])
		if proposable()[q.flag] == "" || q.given || !found {
			continue
		}
		if !p.Works {
			i.f.say("not taken: --%s %s, from %s: %s", q.flag, printable(p.Value), printable(p.From), printable(p.Answer))
			continue
		}
		i.f.say("taken: --%s %s, from %s", q.flag, printable(p.Value), printable(p.From))
		q.set(p.Value)
	}
}

// scouted looks at the domain that is named on the command line, if one is, and shows what was found.
func (f *frame) scouted(ctx context.Context, name, message string, draft *config.Draft) (scout.Found, error) {
	if name == "" {
		if message != "" {
			return scout.Found{}, &usageError{cause: errors.New("--mail needs the domain whose mail it is"), command: "rehome init"}
		}
		return scout.Found{}, nil
	}
	subject, err := subjectOf(name)
	if err == nil && message != "" {
		subject.Selectors, err = selectorsIn(message, subject.Domain)
	}
	if err != nil {
		return scout.Found{}, err
	}
	if len(draft.Domains) == 0 {
		draft.Domains = []string{subject.Domain}
	}
	f.say("looking at what %s publishes, and at the servers that it names ...", printable(subject.Domain))
	defaults := config.Default()
	found, err := f.app.Scout(ctx, &defaults, subject)
	if none := (*scout.NoDomainError)(nil); errors.As(err, &none) {
		return found, &usageError{cause: fmt.Errorf("%w; check how it is written", err), command: "rehome init"}
	}
	if err != nil {
		return found, err
	}
	f.showFound(found)
	if draft.OldDKIM = subject.Selectors; len(draft.OldDKIM) > 0 {
		f.say("taken: cutover.old_dkim %s, from %s: \"rehome close\" removes these keys, some weeks after the switch",
			printable(strings.Join(draft.OldDKIM, ", ")), printable(message))
	}
	return found, nil
}

// subjectOf reads a domain, or an address of somebody there.
func subjectOf(name string) (scout.Subject, error) {
	subject := scout.Subject{Domain: name}
	if strings.Contains(name, "@") {
		address, err := rehome.ParseAddress(name)
		if err != nil {
			return subject, &usageError{cause: fmt.Errorf("%q %w", name, err), command: "rehome init"}
		}
		subject.Address, subject.Domain = address, address[strings.LastIndexByte(address, '@')+1:]
	}
	if ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(subject.Domain, ".")); err == nil { // labels of other scripts, RFC 5891
		subject.Domain = strings.ToLower(ascii)
	}
	if err := domainNames(nil, []string{subject.Domain}); err != nil {
		return subject, &usageError{cause: err, command: "rehome init"}
	}
	return subject, nil
}

func selectorsIn(file, domain string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &usageError{cause: err, command: "rehome init"}
	}
	defer f.Close()
	selectors, err := scout.SelectorsIn(f, domain)
	switch {
	case err != nil:
		return nil, &usageError{cause: fmt.Errorf("%s: %w", file, err), command: "rehome init"}
	case len(selectors) == 0:
		return nil, &usageError{cause: fmt.Errorf("%s is not signed in the name of %s", file, domain), command: "rehome init"}
	}
	return selectors, nil
}

// shortDuration is a TTL without parts that are zero: "1h", "5m", "1h30m".
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// showFound prints what is published, as far as there is something.
func (f *frame) showFound(found scout.Found) {
	if f.quiet || f.json {
		return
	}
	for _, note := range found.Notes {
		fmt.Fprintf(f.screen, "  %s %s\n", f.screen.palette.yellow("!"), printable(note))
	}
	if found.Published.Domain == "" {
		return
	}
	published := found.Published
	published.Records = nil
	for _, r := range found.Published.Records {
		broken := r.State == cutover.Wrong || r.State == cutover.Unknown
		if !broken {
			r.NextStep = "" // what the move needs is not known yet
		}
		if len(r.Now) > 0 || broken {
			published.Records = append(published.Records, r)
		}
	}
	f.writeDomain(f.screen, f.screen.palette, published)
	if found.TTL > 0 {
		fmt.Fprintf(f.screen, "  resolvers remember for %s where its mail goes\n", shortDuration(time.Duration(found.TTL)*time.Second))
	}
	if len(found.Selectors) > 0 {
		fmt.Fprintf(f.screen, "  its mail is signed with the keys %s\n", printable(strings.Join(found.Selectors, ", ")))
	}
	fmt.Fprintf(f.screen, "  %s\n\n", printable(found.Registrar))
}
