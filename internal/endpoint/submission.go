// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/submission"
)

// Submission is one end's service for the mail that its users send.
type Submission struct {
	service
	settings ServiceSettings
}

// NewSubmission returns the service that settings describe; nothing is opened yet.
func NewSubmission(settings ServiceSettings) *Submission {
	s, settings := besideIMAP("submission", settings)
	return &Submission{service: s, settings: settings}
}

// SubmissionSession is a logged-in connection that counts against the limits until it is closed.
type SubmissionSession struct {
	*submission.Client
	stay
}

// Close is that of the place, not of the client.
func (s *SubmissionSession) Close() { s.stay.Close() }

// Reach connects and returns the mechanisms that the server offers. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *Submission) Reach(ctx context.Context) (mechanisms []string, err error) {
	return look(ctx, &h.service, func() (*submission.Client, error) { return h.dial(ctx, nil) },
		(*submission.Client).Mechanisms, (*submission.Client).Quit)
}

func (h *Submission) dial(ctx context.Context, mask func(string) string) (*submission.Client, error) {
	client, err := submission.Dial(ctx, submission.Options{
		Address: h.settings.Address, Security: h.settings.Security, TLS: verified(h.settings.TLS), Timeout: h.settings.Timeout, Mask: mask,
	})
	if err == nil {
		return client, nil
	}
	words, _ := submissionRefusal(err)
	return nil, h.connectFault(ctx, err, "submission", h.settings.Address, portNames{string(h.side) + ".submission", "465", "587"}, words)
}

// Open waits for a place, connects and logs in as account. The error is a *rehome.Fault, or ctx's when that has ended.
func (h *Submission) Open(ctx context.Context, account rehome.Account) (*SubmissionSession, error) {
	c, err := h.settings.credentials(h.side, account)
	if err != nil {
		return nil, err
	}
	return openSession(ctx, &h.service, account, func() (*SubmissionSession, error) { return h.logIn(ctx, account, c) })
}

func (h *Submission) logIn(ctx context.Context, account rehome.Account, c credentials) (*SubmissionSession, error) {
	client, log, err := provedIdentity(ctx, &h.service, "submission", account, c,
		func(mask func(string) string) (*submission.Client, error) { return h.dial(ctx, mask) },
		func(client *submission.Client) error {
			_, err := client.LogIn(ctx, submission.Credentials{User: c.user, Password: c.password.Reveal(),
				Clear: h.settings.Security == protocol.NoTLS}) // which somebody has asked for by name
			return err
		}, submissionRefusal)
	if err != nil {
		return nil, err
	}
	return &SubmissionSession{client, stay{gate: h.gate, log: log, quit: client.Quit}}, nil
}

func submissionRefusal(err error) (words string, class rehome.Class) {
	var status *submission.StatusError
	if !errors.As(err, &status) {
		return "", rehome.ClassTemporary
	}
	if status.Temporary() {
		return status.Text, rehome.ClassTemporary
	}
	return status.Text, rehome.ClassAuth
}
