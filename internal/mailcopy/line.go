// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"strings"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/dsync"
)

// line is an account's connection with the destination's dsync-server. A conversation is kept from one mailbox to the next: for each
// that begins the server starts a process, which takes longer than all that is said about a small mailbox.
//
// One that is kept says nothing that is not true any more: of its list of mailboxes only the GUIDs are used, by which the server looks
// for the mailbox anew each time, and tells its state.
type line struct {
	importer Importer
	account  rehome.Account
	whole    bool // conversations are about all mailboxes of the account, not about one

	turn    chan struct{}          // full while a mailbox converses: all that follows is of whoever converses
	ahead   *reaching              // nil when nothing was reached ahead
	session *endpoint.DsyncSession // that is kept; nil when there is none
	guids   map[string]dsync.GUID  // of the mailboxes that it has listed, by names that only one of them has
	limited bool                   // it is about one mailbox
	idle    *time.Timer            // ends it
}

// reaching is a server that is being reached before a mailbox has anything to say.
type reaching struct {
	cancel context.CancelFunc
	call   chan reached
}

type reached struct {
	call *endpoint.DsyncCall
	err  error
}

const (
	// lineRest is how long a conversation is kept that nobody goes on with, and a server that nobody speaks to. The one has the account
	// locked, and both have a place that others may wait for: who waits for a place of another service meanwhile waits for nobody for ever.
	lineRest = 3 * time.Second
	// lineFarewell is how long a server may take for its last word.
	lineFarewell = 5 * time.Second
)

func newLine(importer Importer, account rehome.Account) *line {
	return &line{importer: importer, account: account, turn: make(chan struct{}, 1)}
}

// reachAhead has the server start its process while other things are done, unless it does so already.
func (l *line) reachAhead(ctx context.Context) error {
	over, err := l.take(ctx)
	if err != nil {
		return err
	}
	defer over()
	if l.ahead == nil {
		ctx, cancel := context.WithCancel(ctx)
		l.startReaching(cancel, func() (*endpoint.DsyncCall, error) { return l.importer.Reach(ctx, l.account) })
	}
	return nil
}

// reachEarly is reachAhead for who cannot know yet whether there will be anything to say: it takes no place for which others would have to
// wait, or do. Nobody else uses the line yet.
func (l *line) reachEarly(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	reach := l.importer.TryReach(ctx, l.account)
	if reach == nil {
		cancel()
		return
	}
	l.startReaching(cancel, reach)
}

func (l *line) startReaching(cancel context.CancelFunc, reach func() (*endpoint.DsyncCall, error)) {
	call := make(chan reached, 1)
	l.ahead = &reaching{cancel: cancel, call: call}
	go func() {
		c, err := reach()
		call <- reached{c, err}
	}()
	l.rest()
}

// take lets one mailbox of the account after the other converse.
func (l *line) take(ctx context.Context) (over func(), err error) {
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open sees to it that there is a conversation in which a mailbox can be named, and returns its GUID. kept says that it was there
// already. The error is a lost where the server does not list the mailbox.
func (l *line) open(ctx context.Context, mailbox string) (guid dsync.GUID, kept bool, err error) {
	if l.session != nil {
		if guid, listed := l.guids[mailbox]; listed {
			return guid, true, nil
		}
	}
	if l.whole && (l.session == nil || l.limited) {
		if err := l.begin(ctx, ""); err != nil {
			return guid, false, err
		}
		err := l.list(ctx)
		if guid, listed := l.guids[mailbox]; listed && err == nil {
			return guid, false, nil
		}
		l.whole = err == nil // one mailbox that it cannot read, be it none of ours, keeps it from listing any
	}
	// The server writes a "_" for what it has to escape in a name. In a list of only that mailbox it cannot be taken for another one.
	if err := l.begin(ctx, mailbox); err != nil {
		return guid, false, err
	}
	if err := l.list(ctx); err != nil {
		return guid, false, l.importer.Fault(ctx, err, "list by dsync the mailbox", mailbox)
	}
	guid, listed := l.guids[mailbox]
	if !listed {
		return guid, false, lostUnlisted
	}
	return guid, false, nil
}

// begin begins a conversation about one mailbox, or about all for "", in place of the one that is kept.
func (l *line) begin(ctx context.Context, mailbox string) error {
	l.finish(ctx)
	call, err := l.reach(ctx)
	if err != nil {
		return err
	}
	l.session, err = call.Begin(ctx, mailbox)
	l.limited = mailbox != ""
	return err
}

// list hears which mailboxes there are. None is named in return: each is known by its GUID, and one that is named by what the server has
// escaped would be renamed.
func (l *line) list(ctx context.Context) error {
	nodes, separator, err := l.session.Tree(ctx)
	if err != nil {
		return err
	}
	l.guids = byName(nodes, separator)
	return l.session.Apply(ctx, nil, separator)
}

// byName returns the GUIDs of mailboxes by names; one that several have is none.
func byName(nodes []dsync.Node, separator string) map[string]dsync.GUID {
	guids, several := map[string]dsync.GUID{}, map[string]bool{}
	for _, n := range nodes {
		if !n.Exists || n.GUID.Empty() {
			continue
		}
		name := strings.Join(n.Name, separator)
		_, another := guids[name]
		several[name] = several[name] || another
		guids[name] = n.GUID
	}
	for name, is := range several {
		if is {
			delete(guids, name)
		}
	}
	return guids
}

// reach returns what was reached ahead, or reaches the server now.
func (l *line) reach(ctx context.Context) (*endpoint.DsyncCall, error) {
	ahead := l.ahead
	if ahead == nil {
		return l.importer.Reach(ctx, l.account)
	}
	select {
	case r := <-ahead.call:
		l.ahead = nil
		ahead.cancel() // its context is not needed any more
		return r.call, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rest leaves what there is to the next mailbox, for a while.
func (l *line) rest() {
	if l.idle == nil {
		l.idle = time.AfterFunc(lineRest, l.giveUp)
		return
	}
	l.idle.Reset(lineRest)
}

// giveUp ends what is kept, unless somebody goes on with it: that is kept anew then.
func (l *line) giveUp() {
	select {
	case l.turn <- struct{}{}:
		l.farewell()
		<-l.turn
	default:
	}
}

// farewell ends what is kept in a time of its own: the work's may be over.
func (l *line) farewell() {
	ctx, cancel := context.WithTimeout(context.Background(), lineFarewell)
	defer cancel()
	l.finish(ctx)
	if l.ahead == nil {
		return
	}
	l.ahead.cancel()
	if r := <-l.ahead.call; r.call != nil {
		r.call.HangUp()
	}
	l.ahead = nil
}

// finish ends a conversation that is kept. The server's verdict is about all of the account, and about messages that were asked for and
// not sent: what has arrived is looked at in the mailboxes.
func (l *line) finish(ctx context.Context) {
	if l.session != nil {
		_ = l.session.Finish(ctx)
	}
	l.hangUp()
}

// hangUp ends a conversation where it stands.
func (l *line) hangUp() {
	if l.session != nil {
		l.session.Close()
	}
	l.session, l.guids = nil, nil
}

// close ends all, when no mailbox converses any more.
func (l *line) close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.idle != nil {
		l.idle.Stop()
	}
	l.farewell()
}
