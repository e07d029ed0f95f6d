// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome/internal/protocol"
	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
	"rehome/lab/corpus"
)

// rawSender brings the source's messages by dsync from memory: no source, no ledger, no look before or after. They have to be those, with
// their header and flags: what a Dovecot keeps of these in its caches is a part of its work. Several sessions share one account's
// mailboxes, which nothing locks. One that copies reads the messages at the source, each mailbox by one FETCH, and is as careless otherwise.
// One that looks also logs in at the destination, and has it list the UIDs of each mailbox in the end: what nobody can do without who
// believes only what can be seen there.
type rawSender struct {
	scene    *mailScene
	texts    func() [][][]byte // by mailbox and message; nil for one that copies
	sessions int
	copies   bool
	looks    bool
}

// name makes the one that has as many sessions as rehome the limit of the row: one for each account, and 4 for several (the default of
// destination.dsync.connections).
func (r *rawSender) name() string {
	if r.looks {
		return fmt.Sprintf("bare copy that looks, sessions: %d", r.sessions)
	}
	if r.copies {
		return fmt.Sprintf("%s by dsync, sessions: %d", rawCopy, r.sessions)
	}
	if (r.sessions > 1) == (len(r.scene.all.accounts) > 1) {
		return fmt.Sprintf("%s by dsync, sessions: %d", rawWrite, r.sessions)
	}
	return fmt.Sprintf("bare sender, sessions: %d", r.sessions)
}

func (r *rawSender) prepare(context.Context, string) (*trial, error) {
	s := r.scene
	moves, err := s.freshMoves(s.all)
	if err != nil {
		return nil, err
	}
	if !r.copies {
		r.texts() // not in the time that is measured
	}
	next := &trial{part: 1, clean: s.remover(moves)}
	next.check = func(ctx context.Context) error { return s.check(ctx, moves, s.all.each, 0) }
	next.start = func(ctx context.Context) (usage, error) {
		before := ownCPU()
		group, ctx := errgroup.WithContext(ctx)
		for _, jobs := range deal(r.sessions, len(s.all.accounts), len(s.all.boxes)) {
			group.Go(func() error { return r.work(ctx, jobs, moves) })
		}
		err := group.Wait()
		return usage{cpu: ownCPU() - before}, err
	}
	return next, nil
}

// work begins a session for each account among the jobs.
func (r *rawSender) work(ctx context.Context, jobs []job, moves []move) error {
	for len(jobs) > 0 {
		account := jobs[0].account
		var boxes []int
		for ; len(jobs) > 0 && jobs[0].account == account; jobs = jobs[1:] {
			boxes = append(boxes, jobs[0].mailbox)
		}
		if err := r.move(ctx, moves[account], boxes); err != nil {
			return err
		}
	}
	return nil
}

// move logs in at the source, where there is one, and at the destination, where that is looked at.
func (r *rawSender) move(ctx context.Context, m move, boxes []int) (err error) {
	var ends session
	if r.copies {
		if ends.src, err = r.scene.dial(ctx, r.scene.addr[source], m.src); err != nil {
			return err
		}
	}
	if r.looks {
		if ends.dst, err = r.scene.dial(ctx, r.scene.addr[destination], m.dst); err != nil {
			return errors.Join(err, ends.logout(ctx))
		}
	}
	if err = r.account(ctx, m.dst, boxes, ends); err == nil && r.looks {
		err = r.look(ctx, m.dst, boxes, session{src: ends.dst})
	}
	return errors.Join(err, ends.logout(ctx))
}

// look has the destination list what there is.
func (r *rawSender) look(ctx context.Context, account string, boxes []int, there session) error {
	for _, box := range boxes {
		if _, err := there.numbers(ctx, rawNode(account, r.scene.all.boxes[box]).Name[0]); err != nil {
			return err
		}
	}
	return nil
}

func (r *rawSender) account(ctx context.Context, name string, boxes []int, from session) error {
	server := r.scene.server[destination]
	stream, err := dsync.DialDoveadm(ctx, dsync.DoveadmOptions{
		Address: server.DoveadmTCP, Security: protocol.NoTLS, Password: server.DoveadmPassword, User: name,
	})
	if err != nil {
		return err
	}
	session, err := dsync.Begin(ctx, stream, dsync.Options{})
	if err != nil {
		return err
	}
	defer session.Close()
	nodes, separator, err := session.Tree(ctx)
	if err != nil {
		return err
	}
	guids := make([]dsync.GUID, len(boxes))
	for i, box := range boxes {
		node := rawNode(name, r.scene.all.boxes[box])
		if at := slices.IndexFunc(nodes, func(n dsync.Node) bool { return slices.Equal(n.Name, node.Name) }); at >= 0 {
			node = nodes[at]
		} else {
			nodes = append(nodes, node)
		}
		guids[i] = node.GUID
	}
	if err := session.Apply(ctx, nodes, separator); err != nil {
		return err
	}
	for i, box := range boxes {
		if err := r.mailbox(ctx, session, guids[i], box, from); err != nil {
			return fmt.Errorf("%q of %s: %w", r.scene.all.boxes[box].Path, name, err)
		}
	}
	return session.Finish(ctx)
}

const rawValidity = 1_600_000_000

func rawNode(account string, box corpus.Mailbox) dsync.Node {
	name := strings.Join(append([]string{"Raw"}, box.Path...), " ")
	sum := sha256.Sum256([]byte(account + "/" + name))
	return dsync.Node{Name: []string{name}, Exists: true, GUID: dsync.GUID(sum[:16]), UIDValidity: rawValidity,
		UIDNext: uint32(len(box.Messages) + 1), Created: time.Now()}
}

func (r *rawSender) mailbox(ctx context.Context, session *dsync.Session, guid dsync.GUID, box int, from session) error {
	messages := r.scene.all.boxes[box].Messages
	n := uint32(len(messages))
	ours := dsync.Box{GUID: guid, UIDValidity: rawValidity, UIDNext: n + 1, Messages: n}
	theirs, err := session.Open(ctx, ours, func(dsync.Request) error { return nil })
	if err != nil {
		return err
	}
	if theirs.Lost {
		return fmt.Errorf("the server does not know it")
	}
	if err := session.Attributes(ctx); err != nil {
		return err
	}
	for uid := uint32(1); uid <= n; uid++ {
		if err := session.Change(ctx, dsync.Change{UID: uid, GUID: rawGUID(guid, uid), Flags: rawFlags(messages[uid-1])}); err != nil {
			return err
		}
	}
	if err := session.Requests(ctx); err != nil {
		return err
	}
	send := func(uid uint32, body io.Reader) error {
		received := messages[uid-1].InternalDate
		return session.Mail(ctx, dsync.Mail{GUID: rawGUID(guid, uid), UID: uid, Received: received, Saved: received}, body)
	}
	if err := r.bodies(ctx, box, from, send); err != nil {
		return err
	}
	_, err = session.Done(ctx)
	return err
}

// bodies hands out the messages of a mailbox, the UIDs from 1.
func (r *rawSender) bodies(ctx context.Context, box int, from session, send func(uid uint32, body io.Reader) error) error {
	if r.copies {
		path := r.scene.all.boxes[box].Path
		return from.fetch(ctx, sourceBox(path), func(l *imap.Literal) error { return send(uint32(l.UID), l) })
	}
	for i, text := range r.texts()[box] {
		if err := send(uint32(i+1), bytes.NewReader(text)); err != nil {
			return err
		}
	}
	return nil
}

// texts are the octets of all messages that each of the accounts holds, by mailbox.
func (p portion) texts() [][][]byte {
	texts := make([][][]byte, len(p.boxes))
	for i, box := range p.boxes {
		for _, message := range box.Messages {
			texts[i] = append(texts[i], message.Octets())
		}
	}
	return texts
}

// rawFlags are those of the flags that a message of these rows can have.
func rawFlags(message corpus.Message) (flags dsync.Flags) {
	known := map[string]dsync.Flags{`\Answered`: dsync.Answered, `\Flagged`: dsync.Flagged, `\Seen`: dsync.Seen}
	for _, flag := range message.Flags {
		flags |= known[flag]
	}
	return flags
}

// rawGUID is the mailbox's, with the UID at its end.
func rawGUID(box dsync.GUID, uid uint32) string {
	for i := range 4 {
		box[12+i] ^= byte(uid >> (8 * i))
	}
	return box.String()
}
