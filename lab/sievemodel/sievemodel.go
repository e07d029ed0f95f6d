// SPDX-License-Identifier: Apache-2.0

// Package sievemodel says what a Sieve script does with a message (RFC 5228): a small interpreter of its own, which
// shares no code with what the product reads scripts with, and a generator of scripts. Tests compare what it says with
// the product's words for a script, with the script as it is stored at the destination, and with real servers.
//
// It knows the base language, copy (RFC 3894), variables (RFC 5229), imap4flags (RFC 5232), subaddress (RFC 5233),
// mailbox (RFC 5490), and of reject and vacation only that something is sent. Anything else is an error.
package sievemodel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Message is what a script looks at.
type Message struct {
	From, To string      // of the envelope
	Fields   [][2]string // name and text, in their order
	Body     string
}

// Text is the whole message.
func (m Message) Text() string {
	var b strings.Builder
	for _, f := range m.Fields {
		b.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	return b.String() + "\r\n" + m.Body
}

// Result is what becomes of a message.
type Result struct {
	Saved    map[string]string // mailbox to the flags in order; INBOX also for what is kept
	Forwards []string          // in order
	Rejected bool
	Replied  bool
}

// String is the result in one line.
func (r Result) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(r.Saved)) {
		all = append(all, strings.TrimSpace("in "+name+" "+r.Saved[name]))
	}
	for _, to := range r.Forwards {
		all = append(all, "to "+to)
	}
	if r.Rejected {
		all = append(all, "rejected")
	}
	if r.Replied {
		all = append(all, "replied")
	}
	return strings.Join(all, ", ")
}

// Run says what the script does. Exists tells the mailboxes that are there; a message for another one, which the script
// does not make, stays in INBOX, as servers have it.
func Run(script string, m Message, exists func(mailbox string) bool) (Result, error) {
	commands, err := parse(script)
	if err != nil {
		return Result{}, err
	}
	r := &run{message: m, exists: exists, keep: true, variables: map[string]string{}, result: Result{Saved: map[string]string{}}}
	for _, c := range commands {
		if c.name == "require" {
			r.encoded = r.encoded || slices.Contains(c.texts[0], "encoded-character")
			r.substitutes = r.substitutes || slices.Contains(c.texts[0], "variables")
		}
	}
	_, err = r.block(commands)
	if r.keep {
		r.save("INBOX", r.flags)
	}
	slices.Sort(r.result.Forwards)
	r.result.Forwards = slices.Compact(r.result.Forwards)
	return r.result, err
}

// run is the state of one script.
type run struct {
	message              Message
	exists               func(string) bool
	keep                 bool // the message stays in INBOX by itself
	flags                []string
	variables            map[string]string
	encoded, substitutes bool
	result               Result
}

// save takes the last flags: a script that saves twice to one mailbox saves once (RFC 5228 section 2.10.3).
func (r *run) save(mailbox string, flags []string) {
	if strings.EqualFold(mailbox, "inbox") {
		mailbox = "INBOX"
	}
	r.result.Saved[mailbox] = strings.Join(flags, " ")
}

// block runs commands and reports whether the script goes on behind them.
func (r *run) block(commands []command) (goesOn bool, err error) {
	done := false // a branch of the chain was taken
	for _, c := range commands {
		switch c.name {
		case "if", "elsif", "else":
			if c.name == "if" {
				done = false
			}
			holds := !done
			if holds && c.name != "else" {
				if holds, err = r.test(c.tests[0]); err != nil {
					return false, err
				}
			}
			if holds {
				done = true
				if goesOn, err = r.block(c.block); err != nil || !goesOn {
					return false, err
				}
			}
		case "stop":
			return false, nil
		default:
			if err := r.act(c); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func (r *run) act(c command) error {
	switch c.name {
	case "require":
	case "keep":
		r.keep = false
		r.save("INBOX", r.flagsFor(c))
	case "discard":
		r.keep = false
	case "fileinto":
		mailbox := r.string(c.texts[len(c.texts)-1][0])
		r.keep = r.keep && c.tags["copy"] != nil
		if c.tags["create"] == nil && !r.exists(mailbox) {
			mailbox = "INBOX"
		}
		r.save(mailbox, r.flagsFor(c))
	case "redirect":
		r.keep = r.keep && c.tags["copy"] != nil
		r.result.Forwards = append(r.result.Forwards, r.string(c.texts[0][0]))
	case "reject", "ereject":
		r.keep, r.result.Rejected = false, true
	case "vacation":
		r.result.Replied = true
	case "setflag":
		r.flags = r.flagList(c.texts[0])
	case "addflag":
		r.flags = r.flagList(append(slices.Clone(r.flags), c.texts[0]...))
	case "removeflag":
		gone := r.flagList(c.texts[0])
		r.flags = slices.DeleteFunc(slices.Clone(r.flags), func(f string) bool { return slices.Contains(gone, f) })
	case "set":
		r.set(c)
	default:
		return fmt.Errorf("the model does not know %s", c.name)
	}
	return nil
}

func (r *run) flagsFor(c command) []string {
	if flags := c.tags["flags"]; flags != nil {
		return r.flagList(flags)
	}
	return r.flags
}

func (r *run) flagList(texts []string) []string {
	var flags []string
	for _, text := range texts {
		flags = append(flags, strings.Fields(strings.ToLower(r.string(text)))...)
	}
	slices.Sort(flags)
	return slices.Compact(flags)
}
