// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"rehome/internal/content/sieve"
	"rehome/internal/ledger"
	"rehome/internal/protocol/submission"
)

// probeSubject is what a person reads who comes across the message.
const probeSubject = "Test message of the move to the new mail server (removed by itself)"

// message returns the octets of a probe. Auto-Submitted keeps answering machines silent (RFC 3834, section 5; RFC 5230, section
// 4.6).
func message(address, messageID string, now time.Time) []byte {
	who := (&mail.Address{Address: address}).String()
	return []byte(strings.Join([]string{
		"From: " + who, "To: " + who, "Subject: " + probeSubject, "Date: " + now.Format(time.RFC1123Z), "Message-ID: " + messageID,
		"Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "",
		"rehome has sent this message to find out whether sending and receiving work on the",
		"new mail server. It removes the message by itself. If you still see it, you can",
		"delete it.", "", contentOf(messageID), "",
	}, "\r\n"))
}

// contentOf is the line that only this message has.
func contentOf(messageID string) string { return "Test " + strings.Trim(messageID, "<>") }

func newMessageID(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return "<rehome-" + strings.ToLower(rand.Text()) + "@" + domain + ">"
}

// queueTime is how long a mail host may hold a message before it gives up (RFC 5321, section 4.5.4.1: four to five days).
const queueTime = 5 * 24 * time.Hour

// manyMissing is how many messages in a row may not arrive: then no more are sent.
const manyMissing = 3

// outstanding are the account's messages that may still be there, or still arrive.
func (v *visit) outstanding() []ledger.Probe {
	return slices.DeleteFunc(slices.Clone(v.probes[v.who.Address]), func(p ledger.Probe) bool { return !ProbeState(p.State).outstanding() })
}

// wantsProbe reports whether one is to be sent: none is while another is outstanding, or after one that came back.
func (v *visit) wantsProbe() bool {
	if v.doors[Submission] == nil || v.NoProbe || v.who.DestinationPassword.Empty() || len(v.outstanding()) > 0 || v.who.Forwards {
		return false
	}
	cameBack := slices.ContainsFunc(v.probes[v.who.Address], func(p ledger.Probe) bool { return ProbeState(p.State) == ProbeRemoved })
	return !cameBack || v.Again
}

// useMail keeps the session that finds the messages.
func (v *visit) useMail(_ context.Context, entered Entered) error {
	v.mail, _ = entered.(Mail)
	return nil
}

// useScripts looks at the rules: one that forwards or answers would send the message on.
func (v *visit) useScripts(ctx context.Context, entered Entered) error {
	scripts, able := entered.(Scripts)
	if !able {
		return nil
	}
	text, err := scripts.ActiveScript(ctx)
	if err != nil {
		return ctx.Err() // of an account whose rules cannot be read they are not known, as where there is no such service
	}
	script, err := sieve.Read(text)
	v.acts = text != "" && (err != nil || script.Acts())
	return nil
}

// useSender sends one message, if it can be found and removed again.
func (v *visit) useSender(ctx context.Context, entered Entered) error {
	sender, able := entered.(Sender)
	switch {
	case !able || !v.wantsProbe():
		return nil
	case v.mail == nil:
		return v.skip("none was sent, because nobody could remove it: IMAP is not open", "mend the login by IMAP first")
	case v.acts:
		return v.skip("none was sent, because the account's rules would answer it or send it on", "")
	case v.missing >= manyMissing:
		return v.skip(fmt.Sprintf("none was sent, because the %d before it did not arrive", v.missing), "find out where they are first")
	}
	p := ledger.Probe{MessageID: newMessageID(v.who.Address), Address: v.who.Address, State: string(ProbeSending)}
	if err := v.Probes.Intend(ctx, p); err != nil {
		return err
	}
	p.Sent = time.Now()
	_, err := sender.Send(ctx, v.who.Address, v.who.Address, message(v.who.Address, p.MessageID, p.Sent))
	var status *submission.StatusError
	switch {
	case err == nil:
		p.State = string(ProbeSent)
		err = v.changed(ctx, ActionSent, "", p.MessageID)
	case errors.As(err, &status):
		p.State = string(ProbeRefused)
		v.account.Probe = &Probe{State: ProbeRefused, Sentence: "the server did not take it: " + status.Error(), Sent: p.Sent,
			NextStep: "ask the destination's administrator whether this account may send"}
		err = nil
	default:
		err = errors.Join(ctx.Err(), v.changed(ctx, ActionSent, "", p.MessageID+", not known to have been taken"))
	}
	v.probes[v.who.Address] = append(v.probes[v.who.Address], p)
	return errors.Join(err, v.Probes.Save(context.WithoutCancel(ctx), p))
}

func (v *visit) skip(why, hint string) error {
	v.account.Probe = &Probe{State: ProbeSkipped, Sentence: why, NextStep: hint}
	return nil
}

func (v *visit) changed(ctx context.Context, action, before, after string) error {
	if v.Changed == nil {
		return nil
	}
	return v.Changed(context.WithoutCancel(ctx), Change{Account: v.who.Address, Action: action, Before: before, After: after})
}

// receive looks for the account's messages, those of earlier runs as well, and removes them.
func (v *visit) receive(ctx context.Context) error {
	for _, p := range v.outstanding() {
		if v.mail == nil {
			v.account.Probe = stateOf(p, "nobody could look for it: IMAP is not open")
			continue
		}
		if err := v.find(ctx, p); err != nil {
			return err
		}
	}
	if v.account.Probe == nil && v.doors[Submission] != nil {
		v.account.Probe = v.lastProbe()
	}
	return nil
}

// lastProbe is what is known without a look.
func (v *visit) lastProbe() *Probe {
	all := v.probes[v.who.Address]
	switch {
	case len(all) > 0:
		p := stateOf(all[len(all)-1], "")
		p.Kept = true
		return p
	case v.who.Forwards:
		return &Probe{State: ProbeSkipped, Sentence: "none was sent, because the account's mail is forwarded"}
	case v.NoProbe:
		return &Probe{State: ProbeSkipped, Sentence: "none was sent, as asked for"}
	}
	return &Probe{State: ProbeSkipped, Sentence: "none was sent, because the account could not log in to send it",
		NextStep: "mend the login by submission first"}
}

func stateOf(p ledger.Probe, sentence string) *Probe {
	return &Probe{State: ProbeState(p.State), Place: p.Place, Sentence: sentence, Sent: p.Sent.UTC().Truncate(time.Second)}
}

// find waits for one message, for a bounded time since it was sent, and removes it from wherever it is. One of an earlier run is
// looked for once, as a rule.
func (v *visit) find(ctx context.Context, p ledger.Probe) error {
	found, err := v.look(ctx, p, v.Limits.Wait-time.Since(p.Sent))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !found.any():
		v.account.Probe = stateOf(p, "nobody could look for it: "+err.Error())
		return nil
	case !found.any():
		return v.missed(ctx, p)
	}
	return v.arrived(ctx, p, found, err)
}

// arrived removes a message that was found; trouble, if it is not nil, has ended the look into all mailboxes.
func (v *visit) arrived(ctx context.Context, p ledger.Probe, found sightings, trouble error) error {
	v.missing = 0
	p.State, p.Place = string(ProbeFound), found.places[0].Name
	if err := v.save(ctx, p); err != nil {
		return err
	}
	if trouble == nil {
		found, trouble = v.sweep(ctx, p, found)
		p.Place = found.places[0].Name
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v.account.Probe = stateOf(p, "")
	v.account.Probe.Junk = slices.ContainsFunc(found.places, func(place Place) bool { return place.Junk })
	if trouble == nil {
		p.State = string(ProbeRemoved)
		v.account.Probe.State = ProbeRemoved
		return errors.Join(v.save(ctx, p), v.changed(ctx, ActionRemoved, found.words(), ""))
	}
	v.account.Probe.Sentence, v.account.Probe.NextStep = "it arrived, and could not be removed: "+trouble.Error(), "delete the message by hand"
	return nil
}

// sweep removes what was found, and looks again until nothing more comes: what a rule files in two mailboxes, or a server among
// what was sent, is not there at the same moment. It returns all places, in the order of Mail.Places.
func (v *visit) sweep(ctx context.Context, p ledger.Probe, found sightings) (all sightings, err error) {
	all = found
	for range maxSweeps {
		if err := v.remove(ctx, found); err != nil {
			return all, err
		}
		if err := wait(ctx, sweepPause); err != nil {
			return all, err
		}
		if found, err = v.lookOnce(ctx, p); err != nil || !found.any() {
			return all, err
		}
		all.places = append(all.places, found.places...)
		slices.SortStableFunc(all.places, func(a, b Place) int { return cmp.Compare(a.rank(), b.rank()) })
		all.places = slices.Compact(all.places)
	}
	return all, errors.New("it comes again and again")
}

// How often the mailboxes are looked through behind a message, and how long what is filed elsewhere may take.
const (
	maxSweeps  = 5
	sweepPause = time.Second
)

// missed notes that a message has not arrived.
func (v *visit) missed(ctx context.Context, p ledger.Probe) error {
	if ProbeState(p.State) == ProbeFound { // by a run that was cut off behind the removal, or somebody has deleted it
		p.State = string(ProbeRemoved)
		v.account.Probe = stateOf(p, "")
		return errors.Join(v.save(ctx, p), v.changed(ctx, ActionRemoved, "in "+p.Place, "it was gone when it was looked for again"))
	}
	if time.Since(p.Sent) > queueTime {
		p.State = string(ProbeLost)
	}
	v.missing++
	v.account.Probe = stateOf(p, "the message that was sent to this account has not arrived")
	v.account.Probe.NextStep = missingHint
	return v.save(ctx, p)
}

const missingHint = "the destination may still deliver the domain's mail to the old server, or hold it back: look into its log, and into " +
	"the old mailbox; the next run looks for the message first"

func (v *visit) save(ctx context.Context, p ledger.Probe) error {
	for i, known := range v.probes[p.Address] {
		if known.MessageID == p.MessageID {
			v.probes[p.Address][i] = p
		}
	}
	return v.Probes.Save(context.WithoutCancel(ctx), p)
}

// sightings are where a message was found.
type sightings struct {
	messageID string
	places    []Place
	uids      [][]uint32
}

func (s sightings) any() bool { return len(s.places) > 0 }

func (s sightings) words() string {
	var names []string
	for _, place := range s.places {
		names = append(names, place.Name)
	}
	return "in " + strings.Join(names, ", ")
}

// The times between two looks: a message arrives within a second or after a while.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// look looks into all mailboxes until the message is found or the time is over. When it is found, all mailboxes are looked
// at: a rule may have filed it twice, and some servers file what was sent as well.
func (v *visit) look(ctx context.Context, p ledger.Probe, patience time.Duration) (sightings, error) {
	end := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		began := time.Now()
		found, err := v.lookOnce(ctx, p)
		pause = max(pause, 2*time.Since(began)) // of an account with many mailboxes
		if found.any() || err != nil || !time.Now().Add(pause).Before(end) {
			return found, err
		}
		if err := wait(ctx, pause); err != nil {
			return sightings{}, err
		}
	}
}

func (v *visit) lookOnce(ctx context.Context, p ledger.Probe) (found sightings, err error) {
	found.messageID = p.MessageID
	places, err := v.mail.Places(ctx)
	if err != nil {
		return found, err
	}
	for _, place := range places {
		uids, err := v.mail.Find(ctx, place, p.MessageID, contentOf(p.MessageID))
		if err != nil {
			return found, err
		}
		if len(uids) > 0 {
			found.places = append(found.places, place)
			found.uids = append(found.uids, uids)
		}
	}
	return found, nil
}

func (v *visit) remove(ctx context.Context, found sightings) error {
	var failures []error
	for i, place := range found.places {
		if err := v.mail.Remove(ctx, place, found.uids[i]); err != nil {
			failures = append(failures, fmt.Errorf("in %s: %w", place.Name, err))
			continue
		}
		if left, err := v.mail.Find(ctx, place, found.messageID, contentOf(found.messageID)); err != nil || len(left) > 0 {
			failures = append(failures, cmp.Or(err, fmt.Errorf("it is still in %s", place.Name)))
		}
	}
	return errors.Join(failures...)
}
