// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/conductor"
	"rehome/internal/endpoint"
)

// shown returns what is on the screen while something may still write.
func shown(f *frame, out *bytes.Buffer) string {
	synctest.Wait()
	f.screen.mu.Lock()
	defer f.screen.mu.Unlock()
	return out.String()
}

// A host that hangs shows that it does, and for how long.
func TestShowWaits_terminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(true)
		f.waits = endpoint.NewWaits()
		stop := f.showWaits()
		over := f.waits.Begin("the source mail.example.com:993")
		time.Sleep(2900 * time.Millisecond)
		if got := shown(f, out); strings.Contains(got, "waiting") {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(2200 * time.Millisecond)
		want := "waiting for the source mail.example.com:993: no answer for 5s (Ctrl-C stops)"
		if got := shown(f, out); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		over()
		time.Sleep(time.Second)
		stop()
		if !strings.HasSuffix(out.String(), eraseLine) {
			t.Errorf("got %q, want a clean line at the end", out)
		}
	})
}

func TestShowWaits_pipeIsToldNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(false)
		f.waits = endpoint.NewWaits()
		stop := f.showWaits()
		f.waits.Begin("the source mail.example.com:993")
		time.Sleep(40 * time.Second)
		stop()
		const line = "waiting for the source mail.example.com:993: no answer for "
		if got := out.String(); got != line+"3s\n"+line+"33s\n" {
			t.Errorf("got %q", got)
		}
	})
}

func TestShowWaits_quietIsQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, hush := range []func(*frame){func(f *frame) { f.quiet = true }, func(f *frame) { f.json = true }} {
			f, out := testFrame(true)
			f.waits = endpoint.NewWaits()
			f.waits.Begin("the source")
			hush(f)
			stop := f.showWaits()
			time.Sleep(10 * time.Second)
			stop()
			if out.Len() > 0 {
				t.Errorf("got %q", out)
			}
		}
	})
}

// The progress line says it too: before anything has begun, and while nothing comes.
func TestWatch_saysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, out := testFrame(true)
		f.waits = endpoint.NewWaits()
		stopWaits := f.showWaits()
		progress := conductor.NewProgress()
		stop := f.watch(progress)
		over := f.waits.Begin("the destination new.example.com:993")
		time.Sleep(4500 * time.Millisecond)
		over()
		before := shown(f, out)
		if want := "no answer for 4s"; !strings.HasSuffix(before, want) {
			t.Errorf("got %q, want %q at its end", before, want)
		}
		progress.Expect(nil)
		progress.Begin("anna", nil)
		time.Sleep(12300 * time.Millisecond)
		if got := shown(f, out)[len(before):]; !strings.HasSuffix(got, "nothing new for 12s") {
			t.Errorf("got %q", got)
		}
		stop()
		stopWaits()
	})
}
