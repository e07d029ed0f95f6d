// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/manual"
	"rehome/lab/scenario"
)

// The manual shows what rehome says. UPDATE=1 writes the page anew where it does not.
func TestDemo_isWhatTheManualShows(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", onePage)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page, err := manual.Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", onePage, err)
	}
	l := lab.Open(t)
	setup, err := scenario.Prepare(t.Context(), l, filepath.Join(l.Dir(), "move"), buildRehome(t), corpus.Sample(corpus.Options{Scale: 0.1}))
	if err != nil {
		t.Fatal(err)
	}
	setup.DAV = true
	d := &demo{setup: setup, lab: l, out: t.Output()}
	now, err := d.play(t.Context(), page)
	if err != nil && os.Getenv("UPDATE") != "" && now != "" {
		err = os.WriteFile(file, []byte(now), 0o644)
	}
	if err != nil {
		t.Errorf("%s: %v", onePage, err)
	}
}
