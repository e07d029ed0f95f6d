// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
)

// mailTool is a program that copies mail between two IMAP servers.
type mailTool interface {
	name() string
	// programs writes the settings for the moves into dir and returns the command lines. They can be
	// run again, and then have nothing to do.
	programs(s *mailScene, dir string, moves []move) ([]program, error)
	traits() traits
}

// traits are what is particular to a tool.
type traits struct {
	slow  bool  // gets a sample of the work only
	marks int64 // octets that it adds to each message
	note  string
}

func mailTools(options Options) []mailTool {
	var tools []mailTool
	for _, b := range options.builds() {
		tools = append(tools, &rehomeTool{binary: b.binary, way: b.way})
	}
	return append(tools, mbsyncTool{}, doveadmTool{}, offlineimapTool{})
}

// mailContender runs a tool.
type mailContender struct {
	scene *mailScene
	tool  mailTool
}

func (c *mailContender) name() string { return c.tool.name() }

func (c *mailContender) prepare(_ context.Context, dir string) (*trial, error) {
	s, traits, work := c.scene, c.tool.traits(), c.scene.all
	if traits.slow {
		work = s.sample
	}
	moves, err := s.freshMoves(work)
	if err != nil {
		return nil, err
	}
	programs, err := c.tool.programs(s, dir, moves)
	if err != nil {
		return nil, err
	}
	next := &trial{
		check: func(ctx context.Context) error { return s.check(ctx, moves, work.each, traits.marks) },
		clean: s.remover(moves),
		part:  float64(work.load().Octets) / float64(s.all.load().Octets),
		note:  c.note(work, len(programs)),
	}
	next.start = func(ctx context.Context) (usage, error) {
		used, err := run(ctx, programs, s.work.width)
		if s.work.alone && err == nil {
			next.note, err = ledgerNote(dir)
		}
		return used, err
	}
	return next, nil
}

// note says what a reader has to know to judge the figure.
func (c *mailContender) note(work portion, programs int) string {
	traits := c.tool.traits()
	var notes []string
	if n := min(programs, c.scene.work.width); n > 1 {
		notes = append(notes, fmt.Sprintf("%d processes at once", n))
	}
	if traits.slow {
		load := work.load()
		if c.scene.work.again {
			notes = append(notes, fmt.Sprintf("with %d messages", load.Items))
		} else {
			notes = append(notes, fmt.Sprintf("scaled up from %d messages", load.Items))
		}
	}
	if traits.marks > 0 {
		notes = append(notes, fmt.Sprintf("adds %d octets to each message", traits.marks))
	}
	if traits.note != "" {
		notes = append(notes, traits.note)
	}
	return strings.Join(notes, ", ")
}

// again is a contender whose runs find everything copied already.
type again struct {
	contender
	first *trial
}

func (a *again) prepare(ctx context.Context, dir string) (*trial, error) {
	if a.first != nil {
		return a.first, nil
	}
	first, err := a.contender.prepare(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err := first.start(ctx); err != nil {
		return nil, err
	}
	if err := first.check(ctx); err != nil {
		return nil, err
	}
	first.clean = nil // the next run needs it; the lab goes as a whole
	a.first = first
	return a.first, nil
}

// certificate returns the one that a server shows, for tools that want it named.
func (s *mailScene) certificate(side int) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", s.direct(side), s.clientTLS())
	if err != nil {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates[0], conn.Close()
}
