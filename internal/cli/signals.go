// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that the first SIGINT or SIGTERM cancels. The second one calls
// exit. The caller calls stop when the command is over.
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

// obey waits for signals until over is closed.
func (f *frame) obey(signals <-chan os.Signal, over <-chan struct{}, cancel func(), exit func(int)) {
	select {
	case <-signals:
		f.say("stopping after what is running now; press Ctrl-C again to stop at once, nothing is lost either way")
		cancel()
	case <-over:
		return
	}
	select {
	case <-signals:
		f.screen.clear()
		exit(exitPartial)
	case <-over:
	}
}
