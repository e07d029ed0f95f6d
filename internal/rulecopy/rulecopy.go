// SPDX-License-Identifier: Apache-2.0

// Package rulecopy brings one account's rules to the destination: scripts that the source serves over
// ManageSieve (RFC 5804), or what its database holds, written as Sieve.
//
// It changes nothing at the source. What it promises:
//   - an active script at the destination is never replaced or switched off without consent;
//   - rules that answer or forward are stored and stay switched off until the caller says that the
//     moment has come, because with two servers running each would answer, and forward, a second time;
//   - what a person has changed, deleted or switched off at the destination stays like that;
//   - a repeat writes nothing.
//
// A caller makes an Engine, asks it with Plan what it would do, or has it done with Sync. Decisions are
// made by decide, which knows no server. Without a Target, Plan returns scripts to be handed over, with
// what each rule does in plain words: WriteText and WriteCSV make sheets of them.
package rulecopy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/ledger"
	"rehome/internal/protocol/managesieve"
)

// Reader is a log-in at a ManageSieve server to read from.
type Reader interface {
	ListScripts(ctx context.Context) ([]managesieve.Script, error)
	GetScript(ctx context.Context, name string) (string, error)
}

// Writer is one to write to.
type Writer interface {
	Reader
	CheckScript(ctx context.Context, text string) error
	PutScript(ctx context.Context, name, text string) error
	SetActive(ctx context.Context, name string) error
}

// Ledger is what the engine has to know from one pass to the next. *ledger.Rules is one.
type Ledger interface {
	Of(ctx context.Context, address string) (map[string]ledger.Rule, error)
	Save(ctx context.Context, address string, rule ledger.Rule) error
}

// Account is what an account's rules are made of.
type Account struct {
	Address string
	Source  Reader             // nil where the source serves no scripts
	Rules   sieve.Rules        // from the database; taken where Source is nil or has none
	Offered sieve.Capabilities // of the destination; nil if nobody knows
	Target  Writer             // nil where the destination takes no scripts
	// Mailbox returns the destination's name for one of the source; nil keeps every name.
	Mailbox func(name string) (string, bool)
	// How scripts write these names at either end; "" is NamesUTF8.
	SourceNames, TargetNames Names
}

// Options of an Engine.
type Options struct {
	Ledger   Ledger
	SwitchOn bool // the moment for rules that answer or forward has come
	Replace  bool // take the place of what is at the destination already
}

// Engine copies rules.
type Engine struct{ options Options }

// New returns an engine.
func New(options Options) *Engine { return &Engine{options: options} }

// Moved is what was done, or would be.
type Moved struct {
	Account  string           `json:"account"`
	Scripts  []Action         `json:"scripts"`
	Findings []rehome.Finding `json:"findings"`
}

// Count returns how many scripts have met with a deed.
func (o Moved) Count(deed Deed) int {
	n := 0
	for _, s := range o.Scripts {
		if s.Do == deed {
			n++
		}
	}
	return n
}

// databaseScript is the name of what was made from tables.
const databaseScript = "rules from the old server"

// Plan returns what Sync would do, and writes nothing.
func (e *Engine) Plan(ctx context.Context, a Account) (Moved, error) {
	wanted, findings, err := e.wanted(ctx, a)
	if err != nil {
		return Moved{}, err
	}
	outcome := Moved{Account: a.Address, Scripts: []Action{}, Findings: findings}
	if a.Target == nil {
		for _, w := range wanted {
			outcome.Scripts = append(outcome.Scripts, w.action(Hand))
		}
		return outcome, nil
	}
	there, err := look(ctx, a.Target)
	if err != nil {
		return Moved{}, fault(err, "read the destination's rules of", a.Address)
	}
	known, err := e.options.Ledger.Of(ctx, a.Address)
	if err != nil {
		return Moved{}, err
	}
	var more []rehome.Finding
	outcome.Scripts, more = decide(a.Address, wanted, there, known, e.options)
	outcome.Findings = append(findings, more...)
	return outcome, nil
}

// Sync stores and switches on. Each script is judged by the server before it is stored; one that it
// refuses is a finding, and the others go on.
func (e *Engine) Sync(ctx context.Context, a Account) (Moved, error) {
	outcome, err := e.Plan(ctx, a)
	if err != nil {
		return Moved{}, err
	}
	for i, action := range outcome.Scripts {
		err := e.apply(ctx, a, action)
		if managesieve.IsNo(err, "") {
			outcome.Scripts[i].Do = Refused
			outcome.Findings = append(outcome.Findings, refused(a.Address, action.Name, err))
			continue
		}
		if err != nil {
			return outcome, fault(err, "store the rules of", a.Address)
		}
	}
	return outcome, nil
}

func (e *Engine) apply(ctx context.Context, a Account, action Action) error {
	if action.Do == Put {
		if err := a.Target.CheckScript(ctx, action.Text); err != nil {
			return err
		}
		if err := a.Target.PutScript(ctx, action.Name, action.Text); err != nil {
			return err
		}
	}
	if action.Activate {
		if err := a.Target.SetActive(ctx, action.Name); err != nil {
			return err
		}
	}
	row := ledger.Rule{Name: action.Name, Digest: digest(action.Text), Activated: action.Activate || action.on, Waits: action.Waits}
	switch {
	case action.Do == Wait && action.known.Name != "":
		row.Digest = action.known.Digest // it is there as it was
	case action.Do != Put && action.Do != Keep:
		return nil
	}
	// A crash before this line leaves a script whose text is as wanted: the next pass adopts it.
	return e.options.Ledger.Save(ctx, a.Address, row)
}

// script is one as it is wanted, or as it is at the destination.
type script struct {
	name, text   string
	active, acts bool
	read         *sieve.Script // nil if it cannot be taken apart
}

// action is what is done about a wanted script.
func (s script) action(do Deed) Action {
	a := Action{Name: s.name, Do: do, Active: s.active, Lines: []Line{}, Text: s.text, Waits: do == Hand && s.active && s.acts}
	if s.read == nil {
		return a
	}
	a.Needs = s.read.Require
	for _, rule := range s.read.Describe() {
		line := Line{Words: rule.Words}
		if do == Hand {
			line.NextStep = byHand(rule)
		}
		a.Lines = append(a.Lines, line)
	}
	return a
}

// wanted reads the source, and gives its scripts the destination's mailbox names.
func (e *Engine) wanted(ctx context.Context, a Account) ([]script, []rehome.Finding, error) {
	var all []script
	if a.Source != nil {
		var err error
		if all, err = look(ctx, a.Source); err != nil {
			return nil, nil, fault(err, "read the source's rules of", a.Address)
		}
	}
	var findings []rehome.Finding
	if len(all) == 0 {
		all, findings := a.fromDatabase()
		return all, findings, nil
	}
	if !a.Rules.Empty() {
		findings = append(findings, rulesDatabaseUnused.On(databaseScript, nil).Of(a.Address))
	}
	for i := range all {
		findings = append(findings, a.translate(&all[i])...)
	}
	return all, findings, nil
}

// fromDatabase writes the database's rules as a script.
func (a Account) fromDatabase() ([]script, []rehome.Finding) {
	rules, findings := a.renamed()
	written := sieve.Write(rules, a.offered())
	findings = append(findings, unable(a.Address, databaseScript, written.Unable)...)
	if written.Text == "" {
		return nil, findings
	}
	s := script{name: databaseScript, text: written.Text, active: true, acts: written.Acts}
	a.spell(&s)
	return []script{s}, findings
}

// usual is what about every server with Sieve offers.
var usual = sieve.Capabilities{"fileinto", "vacation", "copy"}

func (a Account) offered() sieve.Capabilities {
	if a.Offered == nil {
		return usual
	}
	return a.Offered
}

// translate renames the mailboxes of an existing script.
func (a Account) translate(s *script) []rehome.Finding {
	read, err := sieve.Read(s.text)
	if err != nil {
		s.acts = true // nobody knows: it waits with those that answer
		return []rehome.Finding{rulesNotUnderstood.On(s.name, rehome.Values{"why": err}).Of(a.Address)}
	}
	var findings []rehome.Finding
	if a.Offered != nil {
		var clauses []string
		for _, extension := range read.Missing(a.Offered) {
			clauses = append(clauses, sieve.Explain(extension))
		}
		findings = unable(a.Address, s.name, clauses)
	}
	s.acts = read.Acts()
	s.text = read.Map(func(name string) (string, bool) {
		name = a.SourceNames.decode(name)
		renamed, known := a.mailbox(name)
		if !known {
			findings = append(findings, scriptMailboxUnknown.On(s.name+", mailbox "+name, nil).Of(a.Address))
			renamed = name
		}
		return renamed, true
	})
	a.spell(s)
	return findings
}

// spell keeps what people read of a script and gives its text the form of names that the destination
// wants. The text can be read: it is ours, or has been read before.
func (a Account) spell(s *script) {
	if s.read, _ = sieve.Read(s.text); s.read != nil {
		s.text = s.read.Map(func(name string) (string, bool) { return a.TargetNames.encode(name), true })
	}
}

func (a Account) mailbox(name string) (string, bool) {
	if a.Mailbox == nil {
		return name, true
	}
	return a.Mailbox(name)
}

// renamed gives the database's rules the destination's mailbox names. One whose mailbox does not move is
// left out: its messages stay in INBOX.
func (a Account) renamed() (sieve.Rules, []rehome.Finding) {
	rules := a.Rules
	findings := []rehome.Finding(nil)
	rules.Sorts = nil
	for i, s := range a.Rules.Sorts {
		name, known := a.mailbox(s.Mailbox)
		if !known {
			findings = append(findings, ruleMailboxUnknown.On(fmt.Sprintf("%s, sort rule %d", databaseScript, i+1),
				rehome.Values{"mailbox": s.Mailbox}).Of(a.Address))
			continue
		}
		s.Mailbox = name
		rules.Sorts = append(rules.Sorts, s)
	}
	return rules, findings
}

// look reads all scripts of one side.
func look(ctx context.Context, from Reader) ([]script, error) {
	list, err := from.ListScripts(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]script, 0, len(list))
	for _, entry := range list {
		text, err := from.GetScript(ctx, entry.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, script{name: entry.Name, text: text, active: entry.Active})
	}
	slices.SortFunc(all, func(a, b script) int {
		if a.active != b.active { // that one first, because a server may take a few only
			if a.active {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.name, b.name)
	})
	return all, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func fault(err error, op, account string) error {
	var status *managesieve.StatusError
	switch {
	case errors.Is(err, context.Canceled), rehome.ClassOf(err) != rehome.ClassBug:
		return err
	case errors.As(err, &status):
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: op, Object: account, Server: status.Text, Cause: err}
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: account, Cause: err,
		Hint: "run the same command again to continue"}
}
