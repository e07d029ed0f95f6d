// SPDX-License-Identifier: Apache-2.0

package manual_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"rehome/lab/manual"
)

// stage says what it was told to.
type stage struct {
	answers map[string]string
	exit    int
	seen    []string
}

func (s *stage) Heading(text string) { s.seen = append(s.seen, "# "+text) }

func (s *stage) Direct(_ context.Context, direction string) error {
	s.seen = append(s.seen, direction)
	if direction == "fall down" {
		return errors.New("broken")
	}
	return nil
}

func (s *stage) Run(_ context.Context, args []string) (string, int, error) {
	line := strings.Join(args, "|")
	s.seen = append(s.seen, line)
	return s.answers[line], s.exit, nil
}

const page = "# An evening\n\nWords.\n\n<!-- lab: begin -->\n\n```sh\n$ rehome nothing\n```\n\n" +
	"```console\n$ rehome status --of \"two words\" \\\n    --all\ncopied at 12:01\n...\nthe end\n\n$ rehome next\nnothing\n```\n"

const statusWords = "status|--of|two words|--all"

func play(t *testing.T, text string, on manual.Stage) (string, error) {
	t.Helper()
	p, err := manual.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p.Play(t.Context(), on)
}

func TestPlay_whatThePageShows(t *testing.T) {
	t.Parallel()
	for _, said := range []string{"copied at 23:59\nthe end\n", "copied   at 00:00\none\ntwo\nthe end\n"} {
		s := &stage{answers: map[string]string{statusWords: said, "next": "nothing\n"}}
		text, err := play(t, page, s)
		if err != nil || text != page {
			t.Errorf("%q: %v, and the page became\n%s", said, err, text)
		}
		if want := []string{"# An evening", "begin", statusWords, "next"}; !slices.Equal(s.seen, want) {
			t.Errorf("played %q, want %q", s.seen, want)
		}
	}
}

// half is a stage that has no servers.
type half struct {
	stage

	skips bool
}

func (h *half) Skips() bool { return h.skips }

func (h *half) Direct(_ context.Context, direction string) error {
	h.skips = direction == "servers"
	return nil
}

// What another stage proves is left as it is.
func TestPlay_aPart(t *testing.T) {
	t.Parallel()
	const text = "<!-- lab: servers -->\n\n```console\n$ rehome sync\ncopied\n```\n\n<!-- lab: none -->\n\n```console\n$ rehome next\nnothing\n```\n"
	h := &half{stage: stage{answers: map[string]string{"next": "nothing\n"}}}
	if now, err := play(t, text, h); err != nil || now != text || !slices.Equal(h.seen, []string{"next"}) {
		t.Errorf("%v: %q became\n%s", err, h.seen, now)
	}
}

// A later command names a difference as this run calls it.
func TestPlay_idsOfThisRun(t *testing.T) {
	t.Parallel()
	s := &stage{answers: map[string]string{"findings|list": "0140fd61e659  uid 5039\n", "findings|accept|0140fd61e659": "accepted\n"}}
	_, err := play(t, "# An evening\n\n```console\n$ rehome findings list\n99601d06a5e4  uid 493\n```\n\n"+
		"```console\n$ rehome findings accept 99601d06a5e4\naccepted\n```\n", s)
	if !errors.Is(err, manual.ErrDiffers) || !slices.Contains(s.seen, "findings|accept|0140fd61e659") {
		t.Errorf("played %q: %v", s.seen, err)
	}
}

func TestPlay_whatThePageDoesNotShow(t *testing.T) {
	t.Parallel()
	wants := map[string]string{
		"": `it does not say "copied at 12:01"`, "copied at 23:59\n": `it does not say "the end"`,
		"copied at 23:59\nthe end\nand more\n": `the page lacks "and more"`, "Copied at 23:59\nthe end\n": `it does not say "copied at 12:01"`,
		"the end\ncopied at 23:59\n": "the order is another one",
	}
	for said := range wants {
		text, err := play(t, page, &stage{answers: map[string]string{statusWords: said, "next": "nothing\n"}})
		if err == nil || !strings.Contains(err.Error(), "line 12: rehome status") || !strings.Contains(err.Error(), wants[said]) {
			t.Errorf("%q passed: %v", said, err)
		}
		if !strings.Contains(text, "    --all\n"+said+"\n$ rehome next\nnothing\n```\n") {
			t.Errorf("%q: the page became\n%s", said, text)
		}
	}
}

func TestPlay_ends(t *testing.T) {
	t.Parallel()
	if _, err := play(t, page, &stage{exit: 5}); err == nil || !strings.Contains(err.Error(), "exit code 5, not 0") {
		t.Errorf("another exit code: %v", err)
	}
	if _, err := play(t, "```console exit=5\n$ rehome verify\n```\n", &stage{exit: 5}); err != nil {
		t.Errorf("the exit code that the page names: %v", err)
	}
	s := &stage{}
	if _, err := play(t, "<!-- lab: fall down -->\n"+page, s); err == nil || len(s.seen) != 1 {
		t.Errorf("a direction that failed: %v, then %q", err, s.seen)
	}
}

func TestParse_whatCannotBePlayed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"```console\nan answer\n```", "\n```console\n```", "```console\n$ rehome status \"open\n$ rehome\n```"} {
		if _, err := manual.Parse(text); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
