// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/verify"
)

// The rules that a run is held against, besides those of truth.go.
const (
	ruleLost     = "nothing is lost without a finding that names it"
	ruleTwice    = "nothing is there twice"
	ruleDone     = "exit 0 means that all of it is there"
	ruleFailed   = "what is said to be left is left"
	ruleOwn      = "one object's trouble is its own"
	ruleProof    = "what is remembered proves as much as what is read"
	ruleVerify   = "verify says equal exactly when it is"
	ruleAgree    = "sync and verify agree"
	ruleEscrow   = "what is said to be kept is kept"
	ruleQuiet    = "a pass with nothing to do writes nothing"
	ruleAgain    = "what is to be copied again is copied again"
	ruleComplete = "what the source has is counted"
)

// placed is one object with where it is.
type placed struct {
	*object
	at *collection
}

func (p placed) path() string { return p.at.path + p.name }

func (e *end) placed() []placed {
	var all []placed
	for _, c := range e.all() {
		for _, name := range c.names() {
			all = append(all, placed{c.objects[name], c})
		}
	}
	return all
}

// match is the models' own comparison of both ends.
type match struct {
	missing []placed // of the source, not at the destination as the source has it
	extra   []placed // of the destination, and of nothing at the source
	moved   int      // of the source, and where its user has put it: in another collection, or where another that is the same belongs
	twins   int      // of the source, there because another of their collection is that is the same
	unshown int      // of the source, there, and not served by it: nobody but the models can know
}

// compare pairs the objects of both ends by their content: those that are where they belong, then those that their
// user has moved. Of the same object twice in a collection one is enough. goes says which collection of the destination
// belongs to one of the source.
func (r *run) compare(goes map[string]string, findings []rehome.Finding) match {
	rest := r.dst.placed()
	open := inTurn(r.src.placed(), findings)
	var m match
	var found []placed
	for _, fits := range []func(s, d placed) bool{
		func(s, d placed) bool { return d.at.path == goes[s.at.path] },
		func(s, d placed) bool { return d.at.kind == s.at.kind && r.truth.touched[markOf(s.data)] > 0 },
	} {
		var left []placed
		for _, s := range open {
			i := slices.IndexFunc(rest, func(d placed) bool { return fits(s, d) && markOf(d.data) == markOf(s.data) && carries(s.data, d.data) })
			if i < 0 {
				left = append(left, s)
				continue
			}
			if goes[s.at.path] != rest[i].at.path || rest[i].moved {
				m.moved++
			}
			if r.src.unreadable(s.object) != 0 {
				m.unshown++
			}
			rest = slices.Delete(rest, i, i+1)
			found = append(found, s)
		}
		open = left
	}
	for _, s := range open {
		if slices.ContainsFunc(found, func(o placed) bool { return o.at == s.at && bytes.Equal(o.data, s.data) }) {
			m.twins++
		} else {
			m.missing = append(m.missing, s)
		}
	}
	m.extra = slices.DeleteFunc(rest, isTest)
	return m
}

// inTurn puts the objects of the source in the order in which they are looked for. Several collections may go into one of
// the destination: each needs one of what it has twice, before any gets a second; and of two that are the same, of which
// only one can be there, it is the one that no finding names, for which of both a finding names is chance.
func inTurn(all []placed, findings []rehome.Finding) []placed {
	type content struct {
		at   *collection
		data string
	}
	seen := map[content]bool{}
	var turns [2][2][]placed // once more in its collection, and named
	for _, isNamed := range []bool{false, true} {
		for _, s := range all {
			if named(findings, s) != isNamed {
				continue
			}
			c := content{s.at, string(s.data)}
			turn := &turns[index(seen[c])][index(isNamed)]
			*turn = append(*turn, s)
			seen[c] = true
		}
	}
	return slices.Concat(turns[0][0], turns[0][1], turns[1][0], turns[1][1])
}

func index(so bool) int {
	if so {
		return 1
	}
	return 0
}

// goes reads from the ledger where collections go. That is a choice and no claim: any other would do as well.
func (r *run) goes(ctx context.Context) (map[string]string, error) {
	l, err := r.store.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	rows, err := l.Objects.Collections(ctx, account)
	goes := map[string]string{}
	for href, row := range rows {
		goes[pathOf(href)] = pathOf(row.Destination)
	}
	return goes, err
}

// judge holds what rehome has said in its last pass, and what its verifier says now, against the truth.
func (r *run) judge(last conclusion) error {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	goes, err := r.goes(ctx)
	if err != nil {
		return err
	}
	m := r.compare(goes, last.Findings)
	for _, s := range m.missing {
		if r.truth.touched[markOf(s.data)] == 0 && !named(last.Findings, s) {
			r.truth.breach(ruleLost, "%s; findings %v", s.path(), last.Findings)
		}
	}
	r.judgeTwice(last, goes)
	r.judgeOutcome(last, m)
	r.judgeEscrow(last)
	found, err := r.verdict(ctx, false)
	if err != nil {
		return err
	}
	anew, err := r.verdict(ctx, true)
	if err != nil {
		return err
	}
	r.judgeProof(found, anew)
	r.judgeVerdict(found, last, m)
	return nil
}

// named says whether a finding is about the object, or about what makes all of its collection wait.
func named(findings []rehome.Finding, s placed) bool {
	return slices.ContainsFunc(findings, func(f rehome.Finding) bool {
		switch f.Code {
		case "invitations_not_silent", "invitations_unknown":
			return pathOf(f.Object) == s.at.path && strings.Contains(string(s.data), "ATTENDEE")
		case "collection_not_made":
			return pathOf(f.Object) == s.at.path
		case "kind_not_offered":
			return f.Object == string(s.at.kind)
		}
		return f.Severity != rehome.SeverityInfo && pathOf(f.Object) == s.path()
	})
}

// namedAt says whether a finding is about an object of the destination.
func namedAt(findings []rehome.Finding, d placed) bool {
	return slices.ContainsFunc(findings, func(f rehome.Finding) bool { return pathOf(f.Object) == d.path() })
}

// judgeTwice counts what carries the same mark at both ends.
func (r *run) judgeTwice(last conclusion, goes map[string]string) {
	allowed := map[string]int{}
	for _, s := range r.src.placed() {
		allowed[markOf(s.data)]++
	}
	counts := map[string]int{}
	for _, d := range r.dst.placed() {
		mark := markOf(d.data)
		if r.truth.forgotten && r.truth.nameless(mark) {
			continue // without a ledger nobody knows an older version of what has no UID
		}
		if mark == "" && !r.judgeTest(d, last, goes) {
			continue
		}
		most := allowed[mark] + r.truth.departed[mark] + r.truth.entered[mark] + r.truth.strayed[mark] + r.truth.repeated(mark)
		if counts[mark]++; counts[mark] == most+1 {
			r.truth.breach(ruleTwice, "%s is at the destination %d times or more", mark, counts[mark])
		}
	}
}

// isTest says whether an object is one that rehome has written to test the server: nobody's.
func isTest(d placed) bool { return strings.HasPrefix(uidOf(d.data), "rehome-") }

// judgeTest looks whether an object without a mark is one that rehome has written to test the server, and whether
// it may be there. Without its ledger rehome does not look into what the source has nothing for.
func (r *run) judgeTest(d placed, last conclusion, goes map[string]string) (other bool) {
	if !isTest(d) {
		return true
	}
	unvisited := r.truth.forgotten && !slices.ContainsFunc(r.src.placed(), func(s placed) bool { return goes[s.at.path] == d.at.path })
	if !namedAt(last.Findings, d) && !unvisited {
		r.truth.breach(ruleTwice, "a test object is left behind: %s", d.path())
	}
	return false
}

// judgeOutcome looks whether the exit code is true.
func (r *run) judgeOutcome(last conclusion, m match) {
	if last.Err != nil {
		r.truth.breach(ruleOwn, "the account stops: %v", last.Err)
	}
	touched := 0
	for _, s := range m.missing {
		if r.truth.touched[markOf(s.data)] > 0 {
			touched++
		} else if last.complete() {
			r.truth.breach(ruleDone, "%s is not there", s.path())
		}
	}
	if last.Err == nil && last.failed() > len(m.missing)+m.twins+m.moved+m.unshown+r.hidden(r.dst) {
		r.truth.breach(ruleFailed, "%d are said to be left, and %d are: %q, findings %v", last.failed(), len(m.missing), pathsOf(m.missing), last.Findings)
	}
	if last.Err == nil && last.failed()+touched < len(m.missing) {
		r.truth.breach(ruleFailed, "%d are said to be left, and %d are, %d of them by the will of their user", last.failed(), len(m.missing), touched)
	}
	objects, deserted := 0, 0
	for _, t := range last.PIM {
		objects += t.Objects
		deserted += t.Deserted
	}
	if r.again && deserted > 0 && last.Err == nil {
		r.truth.breach(ruleAgain, "%d are lost at the destination still", deserted)
	}
	if n := len(r.src.placed()); last.Err == nil && objects != n {
		r.truth.breach(ruleComplete, "the pass has counted %d objects at the source, and there are %d: %q", objects, n, pathsOf(r.src.placed()))
	}
	if len(last.writes) > 0 {
		r.truth.breach(ruleQuiet, "%q", last.writes)
	}
}

func pathsOf(all []placed) (paths []string) {
	for _, p := range all {
		paths = append(paths, p.path())
	}
	return paths
}

// judgeEscrow looks whether the files that findings promise are there.
func (r *run) judgeEscrow(last conclusion) {
	for _, f := range last.Findings {
		_, file, promised := strings.Cut(f.NextStep, "is kept in ")
		if !promised {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil || !slices.ContainsFunc(r.truth.contents[markOf(data)], func(one []byte) bool { return bytes.Equal(one, data) }) {
			r.truth.breach(ruleEscrow, "%s for %s: %v", file, f.Object, err)
		}
	}
}

// judgeProof holds what is remembered against what is read: it must prove neither more nor less.
func (r *run) judgeProof(remembered, anew verify.Account) {
	proof := func(a verify.Account) string {
		text := string(a.Verdict)
		for _, o := range []*verify.Objects{a.Contacts, a.Calendars} {
			if o == nil {
				continue
			}
			text += fmt.Sprintf("; %v", o.States)
			for _, c := range o.Collections {
				text += fmt.Sprintf(" %s %d %s %s", c.Source, c.Objects, c.SourceRoot, c.DestinationRoot)
			}
		}
		return text
	}
	if a, b := proof(remembered), proof(anew); a != b {
		r.truth.breach(ruleProof, "%s, read anew %s", a, b)
	}
}

// judgeVerdict looks whether the verifier is right.
func (r *run) judgeVerdict(found verify.Account, last conclusion, m match) {
	equal := len(m.missing) == 0 && len(m.extra) == 0 && r.readable()
	r.d.tell("verify: %s, contacts %v, calendars %v, findings %v", found.Verdict, found.Contacts, found.Calendars, found.Findings)
	// One for two that are the same is enough where the copier has merged them; what its user has moved is in the
	// account and not in its place.
	chance := equal && m.twins+m.moved > 0
	if found.Verdict == verify.Unknown || (found.Verdict == verify.Equal) != equal && !chance {
		r.truth.breach(ruleVerify, "it says %s; missing %d, extra %d", found.Verdict, len(m.missing), len(m.extra))
	}
	if found.Verdict == verify.Equal && !last.complete() {
		r.truth.breach(ruleAgree, "verify says equal, and sync is not complete: %s", last)
	}
}

// readable says whether both ends show everything that they list.
func (r *run) readable() bool { return r.hidden(r.src)+r.hidden(r.dst) == 0 }

// hidden counts what an end lists and does not show.
func (r *run) hidden(e *end) int {
	n := 0
	for _, p := range e.placed() {
		if e.unreadable(p.object) != 0 {
			n++
		}
	}
	return n
}
