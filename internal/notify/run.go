// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"rehome"
	"rehome/internal/content/letter"
	"rehome/internal/ledger"
	"rehome/internal/protocol/submission"
)

// The bounds of a run.
const (
	perConnection = 50 // messages, before a new connection: servers count them
	inARow        = 3  // messages that are refused for now or cannot be sent: then the server has had enough
)

type key struct{ address, kind string }

// known returns what the ledger has.
func known(ctx context.Context, l Ledger) (map[key]*ledger.Notice, error) {
	all, err := l.All(ctx)
	notices := make(map[key]*ledger.Notice, len(all))
	for i := range all {
		notices[key{all[i].Address, all[i].Kind}] = &all[i]
	}
	return notices, err
}

// Preview shows each message, keeps what it is, and returns what is known of everybody's.
func Preview(
	ctx context.Context, people []Person, envelope letter.Envelope, l Ledger, show func(address string, l letter.Letter) error,
) (Document, error) {
	document := Document{Results: []Result{}}
	notices, err := known(ctx, l)
	if err != nil {
		return document, err
	}
	var shown []ledger.Notice
	for _, p := range people {
		content, err := p.Make()
		if err == nil {
			err = cmp.Or(ctx.Err(), show(p.Address, content))
		}
		if err != nil {
			return document, err
		}
		n := ledger.Notice{Address: p.Address, Kind: p.Kind, State: ledger.NoticePreviewed, Digest: content.Digest(envelope)}
		shown = append(shown, n)
		if old := notices[key{p.Address, p.Kind}]; old != nil {
			n = *old
			n.Digest = shown[len(shown)-1].Digest
		}
		document.Results = append(document.Results, resultOf(p, &n, content, judge(&n, n.Digest)))
	}
	return document, l.Preview(ctx, shown)
}

func resultOf(p Person, n *ledger.Notice, c letter.Letter, state State) Result {
	r := Result{Account: p.Address, Kind: p.Kind, Language: c.Language, Subject: c.Subject, State: state}
	if n != nil {
		r.MessageID, r.Words, r.At = n.MessageID, n.Words, n.At
	}
	r.explain()
	return r
}

// Settle notes what somebody knows of messages that may have been taken: they arrived, or they did not and are to be sent.
func Settle(ctx context.Context, l Ledger, arrived, lost []string) error {
	notices, err := l.All(ctx)
	if err != nil {
		return err
	}
	settle := func(address string, to ledger.NoticeState) error {
		found := false
		for _, n := range notices {
			if n.Address != address || n.State != ledger.NoticeCommitting {
				continue
			}
			found, n.State, n.Words = true, to, "somebody has said so"
			if err := l.Move(ctx, ledger.NoticeCommitting, n); err != nil {
				return err
			}
		}
		if !found {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "settle the message to", Object: address,
				Cause: errors.New("nothing about it is unknown"), Hint: `"rehome clients notify" lists what is known of each message`}
		}
		return nil
	}
	for _, address := range arrived {
		err = errors.Join(err, settle(address, ledger.NoticeSent))
	}
	for _, address := range lost {
		err = errors.Join(err, settle(address, ledger.NoticePreviewed))
	}
	return err
}

// Run sends the messages of those who are to get one. The caller sees to it that one run sends at a time. With an error, the document
// has what was done until then.
func Run(ctx context.Context, people []Person, options Options) (Document, error) {
	document := Document{Results: []Result{}, Sending: true}
	notices, err := known(ctx, options.Ledger)
	if err != nil {
		return document, err
	}
	r := &run{Options: options, pace: rate.NewLimiter(rate.Every(time.Minute/time.Duration(max(options.PerMinute, 1))), 1)}
	defer r.hangUp()
	for _, p := range people {
		result, err := r.person(ctx, p, notices[key{p.Address, p.Kind}])
		if err != nil {
			return document, err
		}
		document.Results = append(document.Results, result)
	}
	if r.failure != nil {
		document.Stopped, document.failure = r.failure.Error(), r.failure
	}
	return document, ctx.Err()
}

// run is one of Run.
type run struct {
	Options
	pace    *rate.Limiter
	sender  Sender
	given   int   // to this connection
	failing int   // in a row
	failure error // nothing more is sent
}

// person looks at one person's message, and sends it if it is to be sent.
func (r *run) person(ctx context.Context, p Person, n *ledger.Notice) (Result, error) {
	if n != nil && n.State == ledger.NoticeSent && !r.Again {
		return resultOf(p, n, letter.Letter{}, Sent), nil
	}
	content, err := p.Make()
	if err != nil {
		return Result{}, err
	}
	digest := content.Digest(r.Envelope)
	state := judge(n, digest)
	if !r.goes(state, n, digest) {
		return resultOf(p, n, content, state), nil
	}
	return r.one(ctx, p, *n, content), nil
}

// one sends one message, unless the run has come to its end.
func (r *run) one(ctx context.Context, p Person, n ledger.Notice, content letter.Letter) Result {
	if r.failure == nil && ctx.Err() == nil {
		r.failure = r.ready(ctx)
	}
	if r.failure != nil || ctx.Err() != nil {
		return resultOf(p, &n, content, NotTried)
	}
	if r.Begins != nil {
		r.Begins(p.Address)
	}
	was := n.State
	n.MessageID, n.Words, n.State = letter.NewMessageID(r.Envelope.From), "", ledger.NoticeSending
	// From here to the receipt a cancelled run goes on: each step has a bound of its own, and what is cut in the midst is unknown.
	ctx = context.WithoutCancel(ctx)
	if r.failure = r.Ledger.Move(ctx, was, n); r.failure != nil {
		return resultOf(p, &n, content, NotTried)
	}
	message := content.Message(r.Envelope, n.MessageID, r.Now())
	reply, err := r.sender.Send(ctx, r.Envelope.From.Address, p.Address, message, func() error { return r.commit(ctx, &n) })
	r.given++
	state := r.end(&n, reply, err)
	if state != Unknown { // which stays as it is in the ledger
		if moved := r.book(ctx, n, state); moved != nil {
			r.failure, state = errors.Join(r.failure, moved), Unknown
		}
	}
	if r.Changed != nil && (state == Sent || state == Unknown) {
		r.failure = errors.Join(r.failure, r.Changed(ctx, n))
	}
	result := resultOf(p, &n, content, state)
	result.Now, result.At = true, r.Now().UTC().Truncate(time.Second)
	return result
}

// ready waits for the turn of the next message, and has a connection for it.
func (r *run) ready(ctx context.Context) error {
	if err := r.pace.Wait(ctx); err != nil {
		return err
	}
	if r.given >= perConnection {
		r.hangUp()
	}
	if r.sender != nil {
		return nil
	}
	sender, err := r.Open(ctx)
	if err == nil {
		r.sender, r.given = sender, 0
	}
	return err
}

func (r *run) hangUp() {
	if r.sender != nil {
		r.sender.Close()
		r.sender = nil
	}
}

// commit is the word before which no server can have taken the message.
func (r *run) commit(ctx context.Context, n *ledger.Notice) error {
	was := n.State
	n.State = ledger.NoticeCommitting
	err := r.Ledger.Move(ctx, was, *n)
	if err != nil {
		n.State = was
	}
	return err
}

// end says what became of a message, and whether the server is asked for more.
func (r *run) end(n *ledger.Notice, reply string, err error) State {
	var status *submission.StatusError
	var uncertain *submission.UncertainError
	switch {
	case err == nil:
		r.failing, n.Words = 0, reply
		return Sent
	case errors.As(err, &uncertain):
		r.hangUp()
		r.fails(err)
		n.Words = err.Error()
		return Unknown
	case errors.As(err, &status):
		return r.refused(n, status)
	}
	r.hangUp() // it broke before the end of the message
	r.fails(err)
	n.Words = err.Error()
	return Deferred
}

func (r *run) refused(n *ledger.Notice, status *submission.StatusError) State {
	n.Words = status.Error()
	switch {
	case status.Code == 421: // RFC 5321, section 3.8: the connection ends
		r.hangUp()
		r.fails(status)
		return Deferred
	case status.Command == "MAIL" && !status.Temporary():
		r.failure = &rehome.Fault{Class: rehome.ClassOperator, Op: "send as", Object: r.Envelope.From.Address, Server: status.Text, Cause: status,
			Hint: "have the server accept this sender for the login in clients.notify, or change clients.notify.from"}
		return Deferred
	case status.Temporary():
		r.fails(status)
		return Deferred
	case status.Command != "RCPT":
		r.fails(status) // it may be the content, which all messages share
		return Refused
	}
	r.failing = 0
	return Refused
}

// fails counts failures in a row; too many end the run.
func (r *run) fails(err error) {
	if r.failing++; r.failing < inARow || r.failure != nil {
		return
	}
	r.failure = &rehome.Fault{Class: rehome.ClassTemporary, Op: "send messages", Object: fmt.Sprintf("(%d in a row)", r.failing), Cause: err,
		Hint: "find out why the server takes none, then run the same command again; clients.notify.per_minute may be too high"}
}

// book moves a notice to its end.
func (r *run) book(ctx context.Context, n ledger.Notice, state State) error {
	was := n.State
	n.State = map[State]ledger.NoticeState{Sent: ledger.NoticeSent, Deferred: ledger.NoticeDeferred, Refused: ledger.NoticeRefused}[state]
	return r.Ledger.Move(ctx, was, n)
}
