// SPDX-License-Identifier: Apache-2.0

package rehome

import "strings"

// Topic says what a finding is about. docs/findings.md and answers are sorted by it.
type Topic string

// The topics, in the order of a move.
const (
	TopicAccounts   Topic = "Accounts"
	TopicPasswords  Topic = "Passwords"
	TopicAliases    Topic = "Aliases and forwards"
	TopicRecipients Topic = "Recipients"
	TopicMailboxes  Topic = "Mailboxes"
	TopicMessages   Topic = "Messages"
	TopicObjects    Topic = "Contacts and calendars"
	TopicRules      Topic = "Rules"
	TopicVerifying  Topic = "Verification"
	TopicLogins     Topic = "Logins at the destination"
	TopicDNS        Topic = "DNS"
	TopicDevices    Topic = "Users' devices"
)

// Topics returns all topics in their order.
func Topics() []Topic {
	return []Topic{TopicAccounts, TopicPasswords, TopicAliases, TopicRecipients, TopicMailboxes, TopicMessages, TopicObjects, TopicRules,
		TopicVerifying, TopicLogins, TopicDNS, TopicDevices}
}

// Declared is one kind of finding. A package declares all of its kinds in one table, which its function
// Findings returns, and makes a Finding of them only with On: so each code, sentence and next step has
// one place, and the reference of them cannot miss any.
//
// A code is part of what scripts rely on and is never changed. Code that has to know a finding compares
// with Is or asks for Topic or Blocks, never for the text of a code.
type Declared struct {
	Code     string
	Topic    Topic
	Severity Severity
	Sentence Text
	NextStep Text   // "" when there is nothing to do
	Meaning  string // one paragraph for the reference: what it means, what rehome did, what a person should do
	Blocks   bool   // the account is not done until somebody has seen to it
	Again    Again  // when what it is about is tried again
}

// Again says when something that could not be brought to the destination is tried again.
type Again string

// When that is; the zero value is for what no repeat can mend, or nothing has failed.
const (
	AgainEachPass  Again = "each_pass"     // by each pass
	AgainCopied    Again = "copy_again"    // by a pass that is to copy again what the destination has lost
	AgainReplacing Again = "replace_rules" // by a pass that is to replace rules
)

// On makes a finding about an object, "" for an account as a whole. values holds one value for each
// place of the sentence and the next step.
func (d Declared) On(object string, values Values) Finding {
	return Finding{
		Code: d.Code, Severity: d.Severity, Object: object, Topic: d.Topic, Blocks: d.Blocks,
		Sentence: d.Sentence.With(values), NextStep: d.NextStep.With(values),
	}
}

// Saying returns the same kind of finding in other words: one code, for which a script looks, may have
// several causes.
func (d Declared) Saying(sentence, nextStep Text) Declared {
	d.Sentence = sentence
	d.NextStep = nextStep
	return d
}

// As returns the same kind of finding with another severity.
func (d Declared) As(severity Severity) Declared {
	d.Severity = severity
	return d
}

// For returns one of a family, whose code ends in "*": a name stands for the star.
func (d Declared) For(name string) Declared {
	d.Code = strings.Replace(d.Code, "*", name, 1)
	return d
}

// Is reports whether a finding is of this kind, or of this family.
func (d Declared) Is(f Finding) bool { return d.Has(f.Code) }

// Has reports whether a code that was stored is this one, or one of this family.
func (d Declared) Has(code string) bool {
	stem, family := strings.CutSuffix(d.Code, "*")
	return code == d.Code || family && strings.HasPrefix(code, stem)
}

// Of returns the finding as one about an account.
func (f Finding) Of(account string) Finding {
	f.Account = account
	return f
}
