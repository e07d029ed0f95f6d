// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
)

// judgement is what is said of one domain.
type judgement struct {
	subject  Subject
	probes   []probed
	findings []rehome.Finding
}

// judge says in one sentence for each client and person whether it gets what it should, and for each server whether it can be used.
func judge(s Subject, visits []visit, probes []probed) (Domain, []rehome.Finding) {
	j := &judgement{subject: s, probes: probes}
	domain := Domain{Domain: s.Services.Domain, Side: s.Side, Clients: []Client{}, Servers: []Probe{}}
	for _, v := range visits {
		if v.client.dav && s.Services.Of(v.person.Side).DAV == nil {
			continue // there is nothing to find
		}
		domain.Clients = append(domain.Clients, j.visit(v))
	}
	for _, p := range probes {
		domain.Servers = append(domain.Servers, j.server(p))
	}
	return domain, j.findings
}

// visit judges one client for one person.
func (j *judgement) visit(v visit) Client {
	line := Client{Client: v.client.key, Title: v.client.title, Account: v.person.Address, Side: v.person.Side, Level: checkup.LevelOK,
		Servers: []Server{}, Passed: v.end.passed}
	if line.Passed == nil {
		line.Passed = []Passed{}
	}
	if f := v.end.found; f != nil {
		line.Document, line.Via, line.Calendars, line.Contacts = f.at, f.via, f.settings.calendars, f.settings.contacts
		line.Servers = append(line.Servers, f.settings.servers...)
	}
	kind, values := j.verdict(v)
	if kind == nil {
		line.Sentence = fmt.Sprintf("%s finds %s for %s at %s", v.client.title, sideWords(v.person.Side), v.person.Address, v.end.found.at)
		if bad := j.firstUnusable(v.end.found.settings.servers); bad != nil {
			line.Level, line.NextStep, line.Who = checkup.LevelError, bad.NextStep, bad.Who
			line.Sentence += ", but " + bad.Sentence
		}
		return line
	}
	values["client"], values["account"] = v.client.title, v.person.Address
	finding := kind.On(v.client.title, values).Of(v.person.Address)
	j.findings = append(j.findings, finding)
	line.Sentence, line.NextStep, line.Level = finding.Sentence, finding.NextStep, checkup.LevelWarning
	if finding.Severity == rehome.SeverityError {
		line.Level = checkup.LevelError
	}
	line.Who = j.whoMends(v)
	return line
}

// verdict returns what is wrong, or nil.
func (j *judgement) verdict(v visit) (*rehome.Declared, rehome.Values) {
	s, p, f := j.subject.Services, v.person, v.end.found
	wanted, other := s.Of(p.Side), s.Of(opposite(p.Side))
	if !v.client.dav && !wanted.SendsAndReceives() {
		return &notDescribed, rehome.Values{"wanted": sideWords(p.Side)}
	}
	if f == nil {
		return v.nothing()
	}
	values := rehome.Values{"document": f.at, "got": sideWords(opposite(p.Side)), "wanted": sideWords(p.Side), "step": j.stepAt(f.at, p.Side)}
	differs := differences(f.settings, wanted, p, v.client.dav)
	switch {
	case len(differs) == 0 && f.settings.trouble != nil:
		values["what"], values["step"] = f.settings.trouble.what, f.settings.trouble.step
		return &findsTrouble, values
	case len(differs) == 0:
		return v.before(values)
	case len(differences(f.settings, other, p, v.client.dav)) > 0:
		values["what"] = strings.Join(differs, "; ")
		return &findsOtherServers, values
	case !v.client.saysWho && p.Side != j.subject.Side:
		return &findsDomains, values
	}
	return &findsOtherSide, values
}

// nothing is the verdict where a client has found nothing.
func (v visit) nothing() (*rehome.Declared, rehome.Values) {
	for _, passed := range v.end.passed {
		if passed.unknown {
			return &findsUnknown, rehome.Values{"where": passed.Asked, "why": passed.Why}
		}
	}
	why := "there is nothing where it looks"
	if len(v.end.passed) > 0 {
		why = v.end.passed[0].Asked + ": " + v.end.passed[0].Why
	}
	if v.client.key == "apple" {
		return &findsFile, rehome.Values{"why": why}
	}
	return &findsNothing, rehome.Values{"why": why}
}

// before is what happens on the way to the right document.
func (v visit) before(values rehome.Values) (*rehome.Declared, rehome.Values) {
	for _, passed := range v.end.passed {
		values["where"], values["why"] = passed.Asked, passed.Why
		switch {
		case passed.unknown:
			return &findsSlowly, values
		case passed.trouble == Certificate && v.client.key == "outlook":
			return &asksFirst, values
		}
	}
	return nil, nil
}

// differences are what a document says otherwise than the settings of a side.
func differences(found settings, s clientsetup.Service, p Person, dav bool) []string {
	var all []string
	local, _ := p.split()
	user := p.Address
	if s.Login == clientsetup.LoginLocalPart {
		user = local
	}
	if p.Login != "" {
		user = p.Login
	}
	for _, server := range found.servers {
		wanted := map[Service]clientsetup.Server{IMAP: s.IMAP, POP3: s.POP3, Submission: s.Submission}[server.Service]
		switch {
		case server.Host != wanted.Host || server.Port != wanted.Port || server.Security != wanted.Security:
			all = append(all, fmt.Sprintf("%s is %s instead of %s", server.Service, serverWords(server.Host, server.Port, string(server.Security)),
				serverWords(wanted.Host, wanted.Port, string(wanted.Security))))
		case !strings.EqualFold(server.User, user):
			all = append(all, fmt.Sprintf("the user name is %s instead of %s", shortened(server.User), user))
		}
	}
	for what, address := range map[string]string{"calendars": found.calendars, "contacts": found.contacts} {
		switch {
		case s.DAV == nil && address != "":
			all = append(all, what+" are at "+address+", which the settings do not name")
		case s.DAV != nil && address == "" && dav:
			all = append(all, "there are no "+what)
		case s.DAV != nil && address != "" && authority(address) != s.DAV.Host:
			all = append(all, fmt.Sprintf("%s are at %s instead of %s", what, authority(address), s.DAV.Host))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func serverWords(host string, port int, security string) string {
	if host == "" {
		return "none"
	}
	return fmt.Sprintf("%s (%s)", net.JoinHostPort(shortened(host), strconv.Itoa(port)), security)
}

func opposite(side rehome.Side) rehome.Side {
	if side == rehome.Source {
		return rehome.Destination
	}
	return rehome.Source
}

func sideWords(side rehome.Side) string {
	if side == rehome.Source {
		return "the old servers"
	}
	return "the new servers"
}

// isMozilla tells what Mozilla collects of all providers.
func isMozilla(host string) bool { return strings.HasSuffix(host, ".thunderbird.net") }

// stepAt is what corrects a document.
func (j *judgement) stepAt(document string, side rehome.Side) string {
	host := hostOf(document)
	switch {
	case isMozilla(host):
		return "publish a document at https://autoconfig." + j.subject.Services.Domain +
			", which is asked before it; and have the entry corrected at github.com/thunderbird/autoconfig"
	case host == j.subject.Responder && host != "":
		return "correct clients.switched of the responder"
	}
	return fmt.Sprintf(`if "rehome clients serve" answers at %s, correct clients.switched; otherwise put the files of %s/%s there, or take away `+
		"its document",
		host, j.subject.Services.Domain, side)
}

// whoMends names whoever can change what a client finds.
func (j *judgement) whoMends(v visit) string {
	if v.end.found != nil && v.end.found.settings.trouble != nil && v.end.found.settings.trouble.host != "" {
		return "whoever runs " + v.end.found.settings.trouble.host
	}
	if v.end.found != nil && hostOf(v.end.found.at) != "" {
		host := hostOf(v.end.found.at)
		if isMozilla(host) {
			return "whoever publishes for " + j.subject.Services.Domain + ", and Mozilla"
		}
		return "whoever runs " + host
	}
	if v.end.found == nil && slices.ContainsFunc(v.end.passed, func(p Passed) bool { return p.unknown }) {
		return ""
	}
	return "whoever runs the DNS of " + j.subject.Services.Domain
}

// firstUnusable returns what is wrong with the servers that a document names.
func (j *judgement) firstUnusable(servers []Server) *Probe {
	for _, server := range servers {
		for i := range j.probes {
			if j.probes[i].place == placeOf(server) && j.probes[i].Level == checkup.LevelError {
				return &j.probes[i].Probe
			}
		}
	}
	return nil
}

// server judges one server: it is an error only where somebody needs it now.
func (j *judgement) server(p probed) Probe {
	probe := p.Probe
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		if slices.Contains(placesOf(j.subject.Services.Of(side)), p.place) {
			probe.Sides = append(probe.Sides, side)
		}
	}
	if probe.Level != checkup.LevelError {
		return probe
	}
	kind := serverUnusable
	if !slices.ContainsFunc(probe.Sides, j.isNeeded) {
		kind, probe.Level = kind.As(rehome.SeverityWarning), checkup.LevelWarning
	}
	j.findings = append(j.findings, kind.On(probe.Host, rehome.Values{"what": probe.Sentence, "step": probe.NextStep, "who": probe.Who}))
	return probe
}

// isNeeded reports whether somebody should get the servers of a side now.
func (j *judgement) isNeeded(side rehome.Side) bool {
	return side == j.subject.Side || slices.ContainsFunc(j.subject.People, func(p Person) bool { return p.Side == side })
}
