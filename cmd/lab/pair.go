// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/scenario"
)

// pair is the two ends of a move in one lab, with the sample organisation at the source.
type pair struct {
	*scenario.Setup
	lab    *lab.Lab
	remove string // folder to remove at the end; empty if the caller named it
}

// pairOptions says where a pair lives and how large its organisation is.
type pairOptions struct {
	dir    string // folder for the servers; empty is a temporary one
	work   string // folder to run rehome in; empty is "move" below dir
	binary string // rehome; empty if nobody will run it
	scale  float64

	workers int // for up: how many copy at the same time, over a store on PostgreSQL; 0 is none
}

// openPair starts both servers and seeds the source. The caller closes the pair.
func openPair(ctx context.Context, options pairOptions) (*pair, error) {
	p := &pair{}
	if options.dir == "" {
		// Not below the checkout: the users that the servers run as may not reach it there.
		dir, err := os.MkdirTemp("", "lab-")
		if err != nil {
			return nil, err
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			return nil, err
		}
		options.dir = dir
		p.remove = dir
	}
	if options.work == "" {
		options.work = filepath.Join(options.dir, "move")
	}
	var err error
	if p.lab, err = lab.New(options.dir); err != nil {
		return nil, errors.Join(err, p.sweep())
	}
	p.Setup, err = scenario.Prepare(ctx, p.lab, options.work, options.binary, corpus.Sample(corpus.Options{Scale: options.scale}))
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.DAV = true
	return p, nil
}

func (p *pair) close() error { return errors.Join(p.lab.Close(), p.sweep()) }

// sweep removes the temporary folder.
func (p *pair) sweep() error {
	if p.remove == "" {
		return nil
	}
	return os.RemoveAll(p.remove)
}
