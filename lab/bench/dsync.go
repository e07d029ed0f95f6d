// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"rehome/lab/corpus"
	"rehome/lab/dovecot"
)

// The rows in which messages keep their UIDs. Their contenders are the ways into the same store: rehome by dsync and by IMAP, what Dovecot
// has for it, and, for the limit, a sender that brings messages from memory. Afterwards UIDs and UIDVALIDITY are compared as well.

// dsyncRows are the stores of both versions, with and without waiting for the disk, for one account and for many, and for many also with
// processes that last.
func dsyncRows() []Row {
	one := mailWork{key: "one", title: "UIDs kept: 4,000 messages of 10 KB, 4 mailboxes", accounts: 1, messages: 4000, mailboxes: 4}
	many := mailWork{key: "many", title: "UIDs kept: 40 accounts of 100 messages of 10 KB, 2 mailboxes", accounts: 40, messages: 100, mailboxes: 2}
	var rows []Row
	for _, version := range []string{dovecot.V23, dovecot.V24} {
		for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox, dovecot.Mdbox} {
			for _, lax := range []bool{false, true} {
				for _, work := range []mailWork{one, many} {
					rows = append(rows, dsyncRow(work, mailLine{layout: layout, version: version, lax: lax}))
				}
			}
			rows = append(rows, dsyncRow(many, mailLine{layout: layout, version: version, lax: true, lasting: true}))
		}
	}
	return rows
}

func dsyncRow(work mailWork, line mailLine) Row {
	work.dsync, work.smallest, work.largest, work.width = true, 7_680, 12_800, 4
	disk, words := "fsync", "default fsync"
	if line.lax {
		disk, words = "never", "mail_fsync=never"
	}
	if line.lasting {
		disk, words = "lasting", words+", processes for 64 connections"
	}
	return Row{
		Key:  strings.Join([]string{"dsync", line.layout, line.version, disk, work.key}, "/"),
		Work: work.title, Destination: line.layout + ", Dovecot " + line.version, Line: words,
		standard: true,
		open: func(ctx context.Context, dir string, options Options) (scene, error) {
			return openMail(ctx, dir, options, work, line)
		},
	}
}

func dsyncContenders(s *mailScene) []contender {
	var all []contender
	texts := sync.OnceValue(s.all.texts)
	for _, sessions := range []int{1, 4} {
		all = append(all, &rawSender{scene: s, texts: texts, sessions: sessions})
	}
	sessions := min(s.work.accounts, 4)
	all = append(all, &rawSender{scene: s, sessions: sessions, copies: true},
		&rawSender{scene: s, sessions: sessions, copies: true, looks: true})
	ours, theirs := &rehomeTool{binary: s.options.Binary, way: " by dsync", dsync: true}, doveadmServerTool{}
	return append(all,
		&numbered{mailContender: &mailContender{scene: s, tool: ours}},
		&numbered{mailContender: &mailContender{scene: s, tool: theirs}, below: "INBOX/"}, // it keeps the prefix of the source's names
		&numbered{mailContender: &mailContender{scene: s, tool: doveadmTool{}}},
		&mailContender{scene: s, tool: &rehomeTool{binary: s.options.Binary, way: " by IMAP"}})
}

// numbered is a contender whose messages have to keep their UIDs: a run that lost one has no figure.
type numbered struct {
	*mailContender
	below string // this is what the mailboxes' names begin with at the destination, but for INBOX
}

func (n *numbered) prepare(ctx context.Context, dir string) (*trial, error) {
	next, err := n.mailContender.prepare(ctx, dir)
	if err != nil {
		return nil, err
	}
	s, set := n.scene, n.scene.fresh-1
	check := next.check
	next.check = func(ctx context.Context) error {
		if err := check(ctx); err != nil {
			return err
		}
		for i, name := range s.all.accounts {
			if err := s.checkNumbers(ctx, move{src: name, dst: destinationName(set, i)}, n.below); err != nil {
				return err
			}
		}
		return nil
	}
	return next, nil
}

// checkNumbers compares UIDVALIDITY and UIDs of an account's mailboxes.
func (s *mailScene) checkNumbers(ctx context.Context, m move, below string) error {
	src, err := s.dial(ctx, s.direct(source), m.src)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := s.dial(ctx, s.direct(destination), m.dst)
	if err != nil {
		return err
	}
	defer dst.Close()
	for _, box := range s.all.boxes {
		var is [2]string
		for side, look := range []session{{src: src}, {src: dst}} {
			name := sourceBox(box.Path)
			if side == destination {
				name = destinationBox(below, box)
			}
			if is[side], err = look.numbers(ctx, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if is[source] != is[destination] {
			return fmt.Errorf("%q of %s has %s, not %s", box.Path, m.dst, is[destination], is[source])
		}
	}
	return nil
}

// destinationBox is how the destination's IMAP shows it.
func destinationBox(below string, box corpus.Mailbox) string {
	if len(box.Path) == 0 {
		return "INBOX"
	}
	return below + strings.Join(box.Path, "/")
}

func (s session) numbers(ctx context.Context, mailbox string) (string, error) {
	box, err := s.src.Examine(ctx, mailbox)
	if err != nil {
		return "", err
	}
	uids, err := s.src.SearchAll(ctx, 1)
	return fmt.Sprintf("UIDVALIDITY %d and UIDs %s", box.UIDValidity, uids), err
}

// doveadmServerTool runs Dovecot's own backup at the source, which reads the store itself, to a dsync-server at the destination.
type doveadmServerTool struct{}

func (doveadmServerTool) name() string { return "doveadm backup to dsync-server" }
func (doveadmServerTool) traits() traits {
	return traits{note: "reads the source's store itself"}
}

func (doveadmServerTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	src, dst := s.server[source], s.server[destination]
	var programs []program
	for _, m := range moves {
		server, err := dst.Doveadm(dst.ConfigFile(), "dsync-server", "-u", m.dst)
		if err != nil {
			return nil, err
		}
		// The settings of the one that begins would come along in its environment, and be the server's.
		remote := append([]string{"backup", "-u", m.src, "/usr/bin/env", "-i"}, server...)
		argv, err := src.Doveadm(src.ConfigFile(), remote...)
		if err != nil {
			return nil, err
		}
		programs = append(programs, program{dir: filepath.Clean(dir), argv: argv})
	}
	return programs, nil
}
