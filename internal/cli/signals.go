// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rehome/internal/conductor"
)

// untilSignal returns a context that the first SIGINT or SIGTERM cancels, unless the command has
// called brake.Finish. The second signal calls exit. The caller calls stop when the command is over.
func (f *frame) untilSignal(ctx context.Context, exit func(int)) (_ context.Context, stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.obey(signals, over, cancel, exit)
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		<-ended
		cancel()
	}
}

// interrupt handles the first signal and tells the user what happens. It reports whether the command finishes
// first.
func (f *frame) interrupt(cancel func()) bool {
	if !f.brake.Pull(cancel) {
		f.say("stopping")
		return false
	}
	f.say("finishing what is in progress (at most %d s); press Ctrl-C again to stop at once; nothing is lost either way",
		int(conductor.DefaultGrace/time.Second))
	return true
}

// obey waits for signals until over is closed.
func (f *frame) obey(signals <-chan os.Signal, over <-chan struct{}, cancel func(), exit func(int)) {
	finishing := false
	select {
	case <-signals:
		finishing = f.interrupt(cancel)
	case <-over:
		return
	}
	select {
	case <-signals:
		f.screen.clear()
		if finishing {
			f.say("stopped at once; the next run first checks what was in progress")
			f.screen.clear()
		}
		exit(exitPartial)
	case <-over:
	}
}
