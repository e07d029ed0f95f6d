// SPDX-License-Identifier: Apache-2.0

package sieve

// Rules are what one account's switches and tables come to. They run in the order of the fields: who
// is blocked is neither answered nor forwarded.
type Rules struct {
	Allow     []string // senders that are never blocked; "*" and "?" stand for characters
	Block     []string // senders whose messages go to Junk
	Junk      string   // mailbox for the blocked; "" discards them
	Redirects []Redirect
	Vacation  *Vacation
	Sorts     []Sort
}

// Empty reports whether there is nothing to write.
func (r Rules) Empty() bool {
	return len(r.Block) == 0 && len(r.Redirects) == 0 && r.Vacation == nil && len(r.Sorts) == 0
}

// Acts reports whether the rules send something: an answer or a forward.
func (r Rules) Acts() bool { return len(r.Redirects) > 0 || r.Vacation != nil }

// Redirect sends each message on.
type Redirect struct {
	To       string
	KeepCopy bool
}

// Vacation answers while somebody is away.
type Vacation struct {
	Subject   string // "" leaves it to the server
	Text      string
	Addresses []string // the account's own beside the one the server knows
	Days      int      // between two answers to one person; 0 leaves it to the server
	Seconds   int      // the same in seconds, where the server offers it (RFC 6131); it wins over Days
}

// Sort does something with the messages whose headers contain a text. All conditions must hold; one
// without conditions is left out.
type Sort struct {
	Conditions []Condition
	Mailbox    string   // where to; "" leaves it where it is
	Discard    bool     // instead of Mailbox
	Flags      []string // "\Seen"; set on what is kept
}

// Condition is a part of a header field, without regard to case.
type Condition struct {
	Header   string
	Contains string
}
