// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dsync"
)

// DsyncSettings say how the destination's dsync-server is reached: by doveadm's port, or by a command.
type DsyncSettings struct {
	// Host has limits of its own. Whoever holds a place of the destination's IMAP service waits for one here, and nobody the other
	// way round; were both of one host, two that each hold one could wait for each other.
	Host *Host

	Address  string
	Security protocol.Security
	TLS      *tls.Config
	Password rehome.Secret // doveadm_password
	Command  []string      // instead of Address; {user} stands for the account's login name
	Timeout  time.Duration
}

// Dsync is one end's service for messages that keep their UIDs.
type Dsync struct {
	service
	settings DsyncSettings
}

// NewDsync returns the service that settings describe; nothing is opened yet.
func NewDsync(settings DsyncSettings) *Dsync {
	where := settings.Address
	if len(settings.Command) > 0 {
		where = settings.Command[0]
	}
	h := &Dsync{service: newService(settings.Host, "dsync", where, "connections", math.MaxInt), settings: settings}
	h.lockout = newMasterLockout(h.side, "doveadm", false, "check destination.dsync.password, then run the same command again")
	return h
}

// lockPatience is how long an earlier conversation about the account may take to end.
const lockPatience = 30 * time.Second

// DsyncSession is a conversation that counts against the limits until it is closed.
type DsyncSession struct {
	*dsync.Session
	host *Dsync
	log  connectionLog
	once sync.Once
}

// Close ends the conversation where it stands, and gives the place back. It may be called twice.
func (s *DsyncSession) Close() {
	s.once.Do(func() {
		defer s.host.gate.leave()
		s.Session.Close()
		s.log.closed(nil)
	})
}

// DsyncCall is a dsync-server that was reached and waits for a conversation, in a place of its own. A server may have to start a process
// for it, which takes longer than all else of a short conversation.
type DsyncCall struct {
	host   *Dsync
	user   string
	stream dsync.Stream
	log    connectionLog
	began  time.Time
	once   sync.Once
}

// Reach waits for a place and has the destination start a dsync-server for account. Who has the call begins with it, or hangs up. The
// error is a *rehome.Fault, or ctx's when that has ended.
func (h *Dsync) Reach(ctx context.Context, account rehome.Account) (*DsyncCall, error) {
	return openSession(ctx, &h.service, account, func() (*DsyncCall, error) { return h.call(ctx, account) })
}

// TryReach is Reach in two steps: it takes a place, and reach goes on in it, which has to be called. Where there is no place at once, reach
// is nil.
func (h *Dsync) TryReach(ctx context.Context, account rehome.Account) (reach func() (*DsyncCall, error)) {
	h.patience.relax()
	if !h.gate.tryEnter() {
		return nil
	}
	return func() (*DsyncCall, error) {
		return openIn(ctx, &h.service, account, func() (*DsyncCall, error) { return h.call(ctx, account) })
	}
}

// call starts a server, in a place that was taken.
func (h *Dsync) call(ctx context.Context, account rehome.Account) (*DsyncCall, error) {
	defer h.waits()()
	call := &DsyncCall{host: h, user: loginAt(h.side, account), log: h.log.connection(account.Address), began: time.Now()}
	var err error
	if call.stream, err = h.reach(ctx, call.user); err != nil {
		return nil, h.connectFault(ctx, err, call.user)
	}
	call.stream, err = h.host.permittedStream(call.stream)
	return call, err
}

// HangUp gives up a call with which nothing was begun. Behind Begin it does nothing.
func (c *DsyncCall) HangUp() {
	c.once.Do(func() {
		defer c.host.gate.leave()
		_ = c.stream.Close() // nothing was said
	})
}

// Begin begins the conversation about one mailbox, or about all for "", behind any other one about the account. The server lists
// mailboxes now. The error is a *rehome.Fault, or ctx's when that has ended; the call is over then.
func (c *DsyncCall) Begin(ctx context.Context, mailbox string) (session *DsyncSession, err error) {
	err = errors.New("the call has been hung up")
	c.once.Do(func() {
		h := c.host
		defer h.waits()()
		var begun *dsync.Session
		if begun, err = dsync.Begin(ctx, c.stream, dsync.Options{Timeout: h.settings.Timeout, Lock: lockPatience, Mailbox: mailbox}); err != nil {
			h.gate.leave()
			err = h.Fault(ctx, err, "begin dsync for", c.user)
			return
		}
		c.log.opened(c.began)
		h.meter.add(Load{Unmeasured: 1})
		session = &DsyncSession{Session: begun, host: h, log: c.log}
	})
	return session, err
}

// Open reaches the server and begins at once.
func (h *Dsync) Open(ctx context.Context, account rehome.Account, mailbox string) (*DsyncSession, error) {
	call, err := h.Reach(ctx, account)
	if err != nil {
		return nil, err
	}
	return call.Begin(ctx, mailbox)
}

func (h *Dsync) reach(ctx context.Context, user string) (dsync.Stream, error) {
	if len(h.settings.Command) == 0 {
		return dsync.DialDoveadm(ctx, dsync.DoveadmOptions{
			Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Password: h.settings.Password.Reveal(), User: user,
		})
	}
	// A name that begins with "-" would be an option of the program.
	if strings.HasPrefix(user, "-") || strings.ContainsAny(user, " \t\r\n\x00'\"`$;&|<>\\") {
		return nil, &dsync.RefusedError{What: "the command", Text: "the login name " + user + " cannot be put into it"}
	}
	argv := make([]string, len(h.settings.Command))
	for i, word := range h.settings.Command {
		argv[i] = strings.ReplaceAll(word, "{user}", user)
	}
	return dsync.Command(ctx, argv...)
}

func (h *Dsync) connectFault(ctx context.Context, err error, user string) error {
	class := rehome.ClassTemporary
	hint := "check destination.dsync.address and destination.dsync.tls, and that doveadm listens there"
	var refused *dsync.RefusedError
	var syntax *dsync.SyntaxError
	switch {
	case errors.As(err, &refused) && refused.LogIn:
		class, hint = rehome.ClassAuth, "check destination.dsync.password"
	case errors.As(err, &refused):
		class, hint = rehome.ClassOperator, "check that the account exists at the destination under this login name"
	case errors.As(err, &syntax):
		class = rehome.ClassUntrusted
	}
	failure := h.fault(ctx, err, class, "reach dsync at the "+string(h.side)+" for", user, hint)
	var fault *rehome.Fault
	if errors.As(failure, &fault) {
		explainTLS(fault, err)
	}
	return failure
}

// Fault makes one of what a conversation has ended with. It may be tried again: what was stored is known by its GUID.
func (h *Dsync) Fault(ctx context.Context, err error, op, object string) error {
	return h.fault(ctx, err, rehome.ClassTemporary, op, object, "see the destination's log for the reason, then run sync again")
}

func (h *Dsync) fault(ctx context.Context, err error, class rehome.Class, op, object, hint string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	fault := &rehome.Fault{Class: class, Op: op, Object: object, Side: h.side, Cause: err, Hint: hint}
	var words *dsync.PeerError
	if errors.As(err, &words) {
		fault.Server = words.Text
	}
	return fault
}
