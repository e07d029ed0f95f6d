// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func clientsServeCommand(f *frame) *cobra.Command {
	var logAddresses bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer mail programs that look for their servers: the old ones before the switch, the new ones after it",
		Long: `serve answers Thunderbird, Outlook, Apple devices and calendar programs over HTTPS until it is stopped, with
the servers that are right for the user at that moment. "cutover run" notes when a domain has switched, and serve
follows within seconds. The file in clients.switched takes precedence, for single users too:

  example.com         destination  2026-12-04T22:00:00+01:00
  anna@example.com    destination
  bert@example.com    source

A domain that neither knows has not switched. A user's own line takes precedence. rehome reads the file
again when it changes, and the certificates when they are renewed.

serve never asks for a password, reads no accounts, and answers unknown addresses like known ones. -v logs
each request without e-mail and IP addresses; --log-addresses adds them. Ctrl-C or SIGTERM finishes the
answers in progress and ends it.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			service, err := move.NewClientService(ctx, logAddresses)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			var answered error
			ready := func(a journey.Answering) {
				answered = f.answer(a, func(w io.Writer) error { return writeAnswering(w, a) })
			}
			err = service.Serve(ctx, ready, func(said string) { f.say("%s", printable(said)) }, f.logProblem)
			return rehome.OutcomeDone, errors.Join(err, answered)
		})),
	}
	cmd.Flags().BoolVar(&logAddresses, "log-addresses", false, "also log e-mail and IP addresses")
	return cmd
}

// writeAnswering tells what is answered from now on.
func writeAnswering(w io.Writer, a journey.Answering) error {
	writeLeftOut(w, a.LeftOut)
	if len(a.Uncovered) > 0 {
		fmt.Fprintf(w, "warning: no certificate is for %s; clients that ask there give up\n", printable(listed(a.Uncovered)))
	}
	for _, domain := range a.Domains {
		fmt.Fprintf(w, "%s: %s\n", printable(domain.Domain), liveWords(domain))
	}
	_, err := fmt.Fprintf(w, "answering on %s; press Ctrl-C to stop\n", strings.Join(a.Addresses, " and "))
	return err
}

// liveWords says which servers clients are told now, and what comes next.
func liveWords(domain journey.AnsweredDomain) string {
	words := map[rehome.Side]string{rehome.Source: "the old servers", rehome.Destination: "the new servers"}
	at := domain.From.Format(time.RFC3339)
	switch {
	case domain.Next != "":
		return words[domain.Side] + "; " + words[domain.Next] + " from " + at
	case domain.From.IsZero():
		return words[domain.Side]
	}
	return words[domain.Side] + ", since " + at
}

// logProblem tells whoever watches over a service what it does not end by: on the screen, and in the log file if there is one.
func (f *frame) logProblem(err error) {
	f.log.Error("goes on with what it has", rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
}
