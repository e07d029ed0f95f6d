// SPDX-License-Identifier: Apache-2.0

// Package imap is a pipelined IMAP4rev1 client (RFC 3501, RFC 9051) for moving mail: it sends many
// commands without waiting, hands message bodies out while they arrive, and survives whatever a
// server says.
//
// It does not cache mailboxes, interpret messages or retry. A caller
//
//  1. opens a connection with Dial, which reads the greeting and sets up TLS as told;
//  2. logs in with LogIn, and switches on what changes the conversation with Compress and Enable;
//  3. lists mailboxes with List, opens one with Examine (reading) or Select (changing), or with
//     ExamineSinceAhead to hear what has changed;
//  4. reads with SearchAll and Fetch, writes with Append, Store, Create, Move and their kin, waits with Idle;
//  5. ends with Logout, or Close when something broke.
//
// There is one file for each command, named like it, with the fallback for servers that lack an
// extension in the same file. Mailbox names are Unicode; see EncodeName for what happens to names
// that are not legal modified UTF-7.
//
// BINARY (RFC 3516) is left alone on purpose: it lets a server decode what it sends and encode anew what
// it is given, and a message that moves must keep its octets.
package imap

// Invariants
//
//   - One goroutine reads. It matches tags, hands untagged data to the oldest command that wants it,
//     and runs the callbacks of Fetch. A callback must not wait for anything of its own connection.
//   - One command at a time is written, under writeLock; an Append holds it from its first to its last byte.
//   - A BAD that was not to be expected, an answer to a command that was never sent, a protocol error, a cancelled context or a
//     missed deadline ends the connection: after a BAD nobody knows whether the rest of a literal is
//     about to be run as commands (a non-synchronising literal of a refused APPEND is; seen on Dovecot 2.3).
//   - Flags, dates and mailbox names are validated before the first byte of a command goes out.
//   - Deadlines are by progress, and progress is that of a command that waits, see bound.go: a transfer may
//     take hours as long as what was asked for comes. The clock for answers runs while the server owes one,
//     and not while a command is still being written.
//   - From the first APPEND to a LOGOUT, what is unsent when the connection ends is dropped (see dropUnsent).
//   - At most one literal buffer is held, whatever the size of the messages.

import (
	"bufio"
	"compress/flate"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Client is one connection. Its methods may be called from several goroutines.
type Client struct {
	refused  func(*StatusError) // see Options; set before the reader starts
	observed func(Exchange)     // likewise
	mask     func(string) string
	pace     func(net.Addr, string)
	heard    int64 // octets read when it was last told; of the reader

	transport *transport
	dec       *decoder

	writeLock chan struct{} // capacity 1: held while one command is written
	out       *bufio.Writer
	deflater  *flate.Writer // below out when the connection is compressed
	continued chan string   // text of a "+" line for the command that is being written
	unsent    []*command    // written to out only, see command.lazy; of whoever has the write lock
	delayed   atomic.Bool   // there are some

	mu        sync.Mutex
	tagCount  int
	pending   []*command // oldest first
	awaiting  bool       // a "+" is awaited
	caps      Capabilities
	capsCount int // how often the server has announced them
	greeting  string
	preauth   bool            // logged in by the server, before the first command
	enabled   map[string]bool // by ENABLE, upper case
	opened    bool            // a mailbox is open
	latest    *Opening        // that has been sent, nil before the first
	aside     bool            // nothing is sent, see Aside
	held      Count           // messages of the open mailbox, see Held
	chatter   int             // responses in a row that answered nothing, see bound.go
	unbroken  int             // commands in a row that may all be refused, see breather.go
	failure   error           // why the connection ended, nil while it is up
	bye       *StatusError
	ended     chan struct{} // closed when the reader goroutine is gone
}

// command is one command under way.
type command struct {
	tag  string
	name string // for error texts: "SELECT", "UID FETCH"

	// untagged is offered every untagged response while the command is pending; true means taken.
	untagged func(*response) bool
	// fetch, if set, receives FETCH responses instead.
	fetch *fetchSink
	// closes is set when the command closes the open mailbox: FETCH data that arrives before its answer
	// belongs to that mailbox, and not to a command behind.
	closes bool

	taken  int // untagged responses that the command has taken, and the octets of their values
	octets int
	most   int // how many it may take; 0 is mostTaken

	// accepted, if set, is called by the reader at once when the answer is OK.
	accepted func()
	// excused, if set, says at a BAD that it was to be expected, see NewestAhead.
	excused func() bool

	// lazy is set when more will be written behind the command before its answer is waited for: it goes out with that, or with
	// the first wait, in one packet. A server then wakes up once for what is asked together.
	lazy bool

	sent   bool          // completely written: the server owes the answer; guarded by Client.mu
	effort effort        // for whoever watches; guarded by Client.mu
	done   chan struct{} // closed when status and err are set
	status *response     // the tagged answer, nil if the connection ended before it
	err    error
}

// ErrClosed is why a connection has ended that its own user has closed.
var ErrClosed = errors.New("connection closed")

// newClient wraps an established connection; the reader goroutine is not started yet.
func newClient(conn net.Conn, timeout time.Duration) *Client {
	t := &transport{conn: conn, timeout: timeout}
	c := &Client{
		transport: t,
		dec:       newDecoder(t),
		writeLock: make(chan struct{}, 1),
		out:       bufio.NewWriterSize(t, smallBuffer),
		continued: make(chan string, 1),
		ended:     make(chan struct{}),
	}
	c.dec.moved = t.moved
	return c
}

// start begins reading. It is called once the greeting is there.
func (c *Client) start() { go c.readLoop() }

// readLoop is the one reader. It ends when the connection does.
func (c *Client) readLoop() {
	defer close(c.ended)
	for {
		c.growIn()
		resp, err := c.dec.response(c.fetchSinkFor)
		if err == nil {
			c.dispatch(resp)
			err = c.Err() // what is still buffered behind the end is not to be trusted
		}
		if err != nil {
			c.finish(err)
			return
		}
	}
}

// tagPrefix is what the tags of this client begin with.
const tagPrefix = "r"

// clockLocked lets the clock run while an answer is owed.
func (c *Client) clockLocked() {
	owed := c.awaiting
	for i := 0; i < len(c.pending) && !owed; i++ {
		owed = c.pending[i].sent
	}
	c.transport.owe(owed)
}

// fetchSinkFor returns the sink of the oldest pending FETCH that asked for uid, which is 0 while it is
// not known, or nil when the data is unsolicited. Of several it prefers the one that has asked for just what is told: a server
// may answer commands together, and complete them only then (Dovecot does, in cmd_sync).
func (c *Client) fetchSinkFor(uid UID, tells FetchItems) *fetchSink {
	c.mu.Lock()
	defer c.mu.Unlock()
	var oldest *fetchSink
	for _, cmd := range c.pending {
		if cmd.closes {
			break
		}
		if cmd.fetch == nil || uid != 0 && !cmd.fetch.uids.Contains(uid) {
			continue
		}
		if cmd.fetch.fits(tells) {
			return cmd.fetch
		}
		if oldest == nil {
			oldest = cmd.fetch
		}
	}
	return oldest
}

func (c *Client) snapshot() []*command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*command(nil), c.pending...)
}

// fail ends the connection because of err; the first reason stays.
func (c *Client) fail(err error) {
	c.bar(err)
	c.transport.close()
}

// bar notes why no further command may begin; the first reason stays.
func (c *Client) bar(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = err
	}
}

// finish completes all pending commands when the reader has stopped because of err.
func (c *Client) finish(err error) {
	c.mu.Lock()
	if c.failure == nil {
		c.failure = c.explainLocked(err)
	}
	failed := c.pending
	c.pending = nil
	reason := c.failure
	c.mu.Unlock()
	c.transport.close()
	for _, cmd := range failed {
		cmd.err = &ConnectionError{Command: cmd.name, Err: reason}
		close(cmd.done)
	}
}

// explainLocked prefers the server's own farewell over the bare network error, which may be nil.
func (c *Client) explainLocked(err error) error {
	if c.bye != nil {
		return c.bye
	}
	return err
}

// begin registers cmd and takes the write lock. end must be called after the last byte.
func (c *Client) begin(ctx context.Context, cmd *command) error {
	if c.aside {
		return ErrAside
	}
	if err := ctx.Err(); err != nil {
		return err // nothing is under way yet that would have to be given up
	}
	select {
	case c.writeLock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return &ConnectionError{Command: cmd.name, Err: c.Err()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reason := c.failure
	if reason == nil {
		reason = c.explainLocked(nil) // after a BYE nobody listens any more
	}
	if reason != nil {
		<-c.writeLock
		return &ConnectionError{Command: cmd.name, Err: reason}
	}
	c.tagCount++
	cmd.tag = tagPrefix + strconv.Itoa(c.tagCount)
	cmd.done = make(chan struct{})
	c.pending = append(c.pending, cmd)
	c.beginEffort(cmd)
	return nil
}

// end flushes what was written and lets the next command go out. A lazy command stays until somebody flushes.
func (c *Client) end(cmd *command) error {
	defer func() { <-c.writeLock }()
	c.unsent = append(c.unsent, cmd)
	if cmd.lazy {
		c.delayed.Store(true)
		return nil
	}
	return c.flush()
}

// push flushes what lazy commands have left, so that their answers can come. Where somebody else writes at this moment, it
// waits for that only if cmd is one of them.
func (c *Client) push(ctx context.Context, cmd *command) {
	if !c.delayed.Load() {
		return
	}
	if !c.lockToPush(ctx, cmd) {
		return
	}
	defer func() { <-c.writeLock }()
	defer c.guard(ctx)()
	_ = c.flush() // a failure is the end of the connection, and the commands say so
}

// owes starts the clock for the answer to cmd.
func (c *Client) owes(cmd *command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cmd.sent = true
	c.endEffort(cmd)
	c.clockLocked()
}

// await starts or stops the clock for a "+".
func (c *Client) await(awaiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaiting = awaiting
	c.transport.note(&c.transport.awaited.consent, awaiting)
	c.clockLocked()
}

// guard ends the connection with ctx, which frees a write that is stuck; the returned function ends the guard.
func (c *Client) guard(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
}

// farewell is how long a failed write waits for the server's reason, and a BYE for the end.
const farewell = 2 * time.Second

// writeFailed ends the connection after a failed write. A server that hangs up usually says why
// (BYE), and that is still on its way when the write fails, so the reader gets a moment to find it.
func (c *Client) writeFailed(err error) error {
	if c.Err() == nil {
		grace := time.NewTimer(farewell)
		defer grace.Stop()
		select {
		case <-c.ended:
		case <-grace.C:
		}
	}
	c.fail(err)
	return c.Err()
}

func (c *Client) lockToPush(ctx context.Context, cmd *command) bool {
	select {
	case c.writeLock <- struct{}{}:
		return true
	default:
	}
	c.mu.Lock()
	sent := cmd.sent
	c.mu.Unlock()
	if sent {
		return false
	}
	select {
	case c.writeLock <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-c.ended:
	}
	return false
}

// flush sends what is buffered. The caller has the write lock.
func (c *Client) flush() error {
	defer func() {
		for _, cmd := range c.unsent {
			c.owes(cmd)
		}
		c.unsent = nil
		c.delayed.Store(false)
	}()
	err := c.out.Flush()
	if err == nil && c.deflater != nil {
		err = c.deflater.Flush()
	}
	if err != nil {
		return c.writeFailed(err)
	}
	return nil
}

// send writes one command whose arguments are parts, without waiting for the answer.
func (c *Client) send(ctx context.Context, cmd *command, parts ...part) error {
	if err := checkParts(parts); err != nil {
		return err
	}
	if c.pace != nil {
		c.pace(c.transport.conn.LocalAddr(), parts[0].text)
	}
	if err := c.begin(ctx, cmd); err != nil {
		return err
	}
	defer c.guard(ctx)()
	err := c.writeParts(ctx, cmd, parts)
	if endErr := c.end(cmd); err == nil {
		err = endErr
	}
	return c.orServerWords(cmd, err)
}

// do sends a command and waits for its tagged answer. Nothing of the command is under way any more
// when it returns, so that what its untagged function has collected can be read.
func (c *Client) do(ctx context.Context, cmd *command, parts ...part) error {
	err := c.send(ctx, cmd, parts...)
	if cmd.done == nil { // never began
		return err
	}
	return c.wait(ctx, cmd)
}

// wait blocks until cmd is answered. A cancelled context ends the connection: the answer that is
// still under way could not be told from that of a later command otherwise.
func (c *Client) wait(ctx context.Context, cmd *command) error {
	c.push(ctx, cmd)
	select {
	case <-cmd.done:
		return cmd.err
	case <-ctx.Done():
	}
	c.fail(ctx.Err())
	<-cmd.done
	if cmd.status != nil { // the answer was faster
		return cmd.err
	}
	return ctx.Err()
}

// orServerWords replaces a local write error by what the server said about the command, if it did.
func (c *Client) orServerWords(cmd *command, err error) error {
	if err == nil {
		return nil
	}
	reason := c.Err()
	if reason != nil { // then every command is about to hear of it, and a BAD is this one's or another's
		<-cmd.done
	}
	select {
	case <-cmd.done:
		if cmd.err != nil {
			return cmd.err
		}
	default:
	}
	if reason != nil {
		return &ConnectionError{Command: cmd.name, Err: reason}
	}
	return err
}

// Capabilities returns what the server last announced.
func (c *Client) Capabilities() Capabilities {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caps
}

// Preauthenticated reports whether the server has logged the connection in by itself (RFC 9051, section
// 7.1.4).
func (c *Client) Preauthenticated() bool { return c.preauth }

// Greeting returns the text of the server's greeting, for reports.
func (c *Client) Greeting() string { return c.greeting }

// TLS returns the state of the connection's encryption, and false when there is none.
func (c *Client) TLS() (tls.ConnectionState, bool) {
	conn, ok := c.transport.conn.(*tls.Conn)
	if !ok {
		return tls.ConnectionState{}, false
	}
	return conn.ConnectionState(), true
}

// Err returns why the connection ended, or nil while it is usable.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Close ends the connection at once and waits until its goroutine is gone.
func (c *Client) Close() error {
	if c.aside {
		return nil
	}
	c.fail(ErrClosed)
	<-c.ended
	return nil
}
