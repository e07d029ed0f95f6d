// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"maps"
	"slices"
	"strings"
)

// Include is a call of another script (RFC 6609 section 3.2).
type Include struct {
	Name     string
	Global   bool // one of the server's, not of the person's
	Optional bool // it may be missing
	Line     int
	at       token
}

// Doubt is a place that nobody can carry over without a person: what it does depends on what is known only at the old
// server, or only while the script runs.
type Doubt struct {
	Line  int
	Words string // the script's own of the command or test
	Kind  DoubtKind
	from  int
}

// DoubtKind says what is in doubt.
type DoubtKind int

// The kinds.
const (
	ComputedName    DoubtKind = iota // a mailbox's name is made while the script runs
	MailboxID                        // a mailbox is named by its number at the old server (RFC 9042)
	Annotation                       // what is noted on a mailbox or a server decides (RFC 5490), and that does not move
	ComputedInclude                  // a script's name is made while the script runs
	UnknownCommand                   // what nobody here knows seems to name a mailbox
	UnwritableName                   // the new name cannot be written as a string of this script
)

// use is a place that names a mailbox.
type use struct {
	at     token
	name   possible
	create bool // the mailbox is made if it is missing
	asked  bool // the script asks whether there is one
	maybe  bool // a string of a command or test that nobody here knows
	in     node
	before int // where a command can be put that runs before it
}

// study goes through the commands in the order in which they run and notes what a move needs. It follows the values of
// variables, because names of mailboxes are made of them: a name counts as told only if nothing else can change it.
func (s *Script) study() {
	for _, n := range s.commands {
		if n.name == "require" {
			s.Require = append(s.Require, values(n.last())...)
		}
	}
	requires := func(e string) bool {
		return slices.ContainsFunc(s.Require, func(r string) bool { return strings.EqualFold(r, e) })
	}
	w := &walk{script: s, means: meaning{encoded: requires("encoded-character"), variables: requires("variables")}, shared: map[string]bool{}}
	names := map[string]bool{}
	commands := w.survey(s.commands, names)
	w.means.crowded = len(names) > maxVariables || len(names)*commands > maxSteps
	for at, c := range []byte(s.source) {
		if c == '\n' {
			s.lines = append(s.lines, at)
		}
	}
	start := state{}
	for name := range w.shared {
		start[name] = possible{unknown: true}
	}
	w.run(s.commands, start)
	slices.SortFunc(s.uses, func(a, b use) int { return a.at.from - b.at.from })
	if w.means.encoded {
		w.means.spell(s.commands)
	}
}

// spell gives every string the characters that it stands for, for the words about the script.
func (m meaning) spell(commands []node) {
	for _, n := range commands {
		for _, a := range n.args {
			for i := range a.texts {
				a.texts[i].value, _ = m.decode(a.texts[i].value)
			}
		}
		m.spell(n.tests)
		m.spell(n.block)
	}
}

// walk is one study of a script.
type walk struct {
	script *Script
	means  meaning
	shared map[string]bool // variables that other scripts can change too
	before int
}

// survey finds all variables, and those that are other scripts' too (RFC 6609 section 3.4). It returns how many commands and
// tests there are.
func (w *walk) survey(commands []node, all map[string]bool) int {
	count := len(commands)
	for _, n := range commands {
		for _, name := range assigned(n) {
			all[name] = true
		}
		switch n.name {
		case "global", "import", "export":
			for _, name := range values(n.last()) {
				w.shared[strings.ToLower(name)] = true
			}
		}
		count += w.survey(n.tests, all) + w.survey(n.block, all)
	}
	return count
}

// run follows a list of commands and returns the state behind it.
func (w *walk) run(commands []node, now state) state {
	var skipped state // where no branch of the chain so far has been taken
	var taken []state
	for i, n := range commands {
		if n.name != "elsif" && n.name != "else" {
			w.before = n.from
		}
		switch n.name {
		case "if", "elsif", "else":
			if n.name == "if" {
				skipped, taken = now, nil
			}
			start := w.before
			skipped = w.visit(n, skipped)
			taken = append(taken, w.run(n.block, skipped))
			w.before = start
			last := i+1 == len(commands) || commands[i+1].name != "elsif" && commands[i+1].name != "else"
			if !last {
				continue
			}
			now = skipped
			if n.name == "else" {
				now = taken[len(taken)-1]
			}
			for _, t := range taken {
				now = now.or(t)
			}
		default:
			now = w.visit(n, now)
			if len(n.block) > 0 { // a loop (RFC 5703 section 3): what it sets is set before it too
				now = w.forget(n.block, now)
				now = now.or(w.run(n.block, now))
			}
		}
	}
	return now
}

// forget makes everything unknown that commands set.
func (w *walk) forget(commands []node, now state) state {
	if w.means.crowded {
		return now
	}
	out := maps.Clone(now)
	for _, n := range commands {
		for _, name := range assigned(n) {
			out[name] = possible{unknown: true}
		}
		for _, t := range n.tests {
			out = w.forget([]node{t}, out)
		}
		out = w.forget(n.block, out)
	}
	return out
}

// visit notes what one command or test is, with the tests in it, and returns what the variables are behind it.
func (w *walk) visit(n node, now state) state {
	for _, t := range n.tests {
		now = w.visit(t, now)
	}
	w.note(n, now)
	names := assigned(n)
	if len(names) == 0 || w.means.crowded {
		return now
	}
	out := maps.Clone(now)
	for _, name := range names {
		out[name] = possible{unknown: true}
	}
	if args := n.positional(); n.name == "set" && len(args) == 2 && len(args[1].texts) == 1 && !w.shared[names[0]] {
		var tags []string
		for _, a := range n.args {
			if a.tag != "" {
				tags = append(tags, a.tag)
			}
		}
		value := args[1].texts[0].value
		if strings.EqualFold(value, "${"+names[0]+"}") && len(tags) == 0 {
			return out // Pigeonhole makes a variable empty that is set to itself, others leave it
		}
		out[names[0]] = modify(w.means.expand(value, now), tags)
	}
	return out
}

// assigned are the variables that a command or test may set. What nobody here knows may set each that it names.
func assigned(n node) []string {
	args := n.positional()
	switch {
	case n.name == "set" && len(args) == 2, (n.name == "addflag" || n.name == "setflag" || n.name == "removeflag") && len(args) == 2:
		return lowered(args[0].texts) // RFC 5229 section 4, RFC 5232 section 3
	case known(n.name) && n.name != "extracttext" && n.name != "execute" && n.name != "processcalendar":
		return nil
	}
	var names []string
	for _, a := range n.args {
		names = append(names, lowered(a.texts)...)
	}
	return names
}

func lowered(tokens []token) []string {
	names := values(tokens)
	for i, name := range names {
		names[i] = strings.ToLower(name)
	}
	return names
}

// note takes what a move needs from a command or test.
func (w *walk) note(n node, now state) {
	s := w.script
	last := n.last()
	s.Answers = s.Answers || answers(n.name)
	switch n.name {
	case "redirect":
		s.Redirects = append(s.Redirects, values(last)...)
	case "include":
		w.noteInclude(n, now)
	case "mailboxidexists":
		w.doubt(n, MailboxID)
	case "metadata", "metadataexists", "servermetadata", "servermetadataexists":
		w.doubt(n, Annotation)
	}
	if n.after("mailboxid") != nil {
		w.doubt(n, MailboxID)
	}
	if !known(n.name) {
		w.suspect(n, now)
		return
	}
	for _, at := range n.mailboxes() {
		name := w.means.expand(at.value, now)
		if name.unknown {
			w.doubt(n, ComputedName)
			continue
		}
		s.uses = append(s.uses, use{at: at, name: name, create: n.has("create"), in: n, before: w.before,
			asked: n.name != "fileinto" && quiet(n.name)})
	}
}

// suspect notes every string of a command or test that nobody here knows: it may name a mailbox.
func (w *walk) suspect(n node, now state) {
	for _, a := range n.args {
		for _, at := range a.texts {
			if name := w.means.expand(at.value, now); !name.unknown {
				w.script.uses = append(w.script.uses, use{at: at, name: name, in: n, before: w.before, maybe: true})
			}
		}
	}
}

// noteInclude takes the name of a script, which must be constant (RFC 6609 section 3.2).
func (w *walk) noteInclude(n node, now state) {
	for _, at := range n.last() {
		name := w.means.expand(at.value, now)
		if name.unknown || len(name.values) != 1 {
			w.doubt(n, ComputedInclude)
			continue
		}
		w.script.Includes = append(w.script.Includes, Include{Name: name.values[0], Global: n.has("global"), Optional: n.has("optional"),
			Line: w.script.line(n.from), at: at})
	}
}

func (w *walk) doubt(n node, kind DoubtKind) {
	w.script.doubts = w.script.doubted(w.script.doubts, n, kind)
}

// maxDoubts is how many a script needs to be looked at as a whole.
const maxDoubts = 50

// doubted adds one, each kind once for a command or test.
func (s *Script) doubted(doubts []Doubt, n node, kind DoubtKind) []Doubt {
	same := func(d Doubt) bool { return d.from == n.from && d.Kind == kind }
	if len(doubts) >= maxDoubts || slices.ContainsFunc(doubts, same) {
		return doubts
	}
	words := s.source[n.from:min(n.to, n.from+2*maxLength)]
	return append(doubts, Doubt{Line: s.line(n.from), Words: shortened(oneLine(strings.ToValidUTF8(words, ""))), Kind: kind, from: n.from})
}

func (s *Script) line(at int) int {
	before, _ := slices.BinarySearch(s.lines, at)
	return 1 + before
}

// mailboxes are the strings of a command or test that name mailboxes: RFC 5228 section 4.1, RFC 5490 sections 3.1, 3.3 and
// 3.4, RFC 8579 section 4, RFC 8580 section 3.1, and two of Cyrus.
func (n node) mailboxes() []token {
	args := n.positional()
	names := append(slices.Clone(n.after("fcc")), n.after("mailbox")...)
	switch n.name {
	case "fileinto", "mailboxexists", "implicit_keep_target":
		names = append(names, n.last()...)
	case "metadata":
		if len(args) == 3 {
			names = append(names, args[0].texts...)
		}
	case "metadataexists", "specialuse_exists":
		if len(args) == 2 {
			names = append(names, args[0].texts...)
		}
	}
	return names
}
