// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"time"

	"rehome/internal/conductor"
)

// A host that does not answer shows after patientFor that it does not, so that nobody takes it for work. Elsewhere than at a
// terminal, where nothing can be redrawn, it is said again after remindEvery.
const (
	patientFor  = 3 * time.Second
	lookEvery   = time.Second
	remindEvery = 30 * time.Second
)

// showWaits shows which host is silent, and for how long, until the returned function is called. While a progress line is
// shown, that line says it.
func (f *frame) showWaits() (stop func()) {
	if f.json || f.quiet {
		return func() {}
	}
	over := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.watchWaits(over)
	}()
	return func() {
		close(over)
		<-ended
	}
}

func (f *frame) watchWaits(over <-chan struct{}) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	drawn := false
	var said time.Time
	for {
		select {
		case <-over:
			if drawn {
				f.screen.clear()
			}
			return
		case <-ticker.C:
		}
		words := f.waiting()
		switch {
		case f.watching.Load():
			drawn = false // the line belongs to the progress now
		case f.screen.terminal && words != "":
			f.screen.draw(cut(words+" (Ctrl-C stops)", f.screen.width()-1))
			drawn = true
		case drawn:
			f.screen.clear()
			drawn = false
		case words != "" && time.Since(said) >= remindEvery:
			f.say("%s", words)
			said = time.Now()
		}
	}
}

// waiting says which host is silent, "" as long as none has been for long.
func (f *frame) waiting() string {
	wait, waits := f.waits.Longest()
	if !waits || time.Since(wait.Since) < patientFor {
		return ""
	}
	return waitingWords(wait.For, time.Since(wait.Since))
}

func waitingWords(host string, silent time.Duration) string {
	return fmt.Sprintf("waiting for %s: no answer for %s", printable(host), seconds(silent))
}

// quiet says that nothing has come for some time, whoever is to blame.
func quiet(s conductor.Snapshot) string {
	if s.Quiet < patientFor || s.Accounts == 0 || s.Finished == s.Accounts {
		return ""
	}
	return "nothing new for " + seconds(s.Quiet)
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }
