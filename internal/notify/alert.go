// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/letter"
	"rehome/internal/signon"
)

// Alert is what those are told who run a move.
type Alert struct {
	Organisation string `json:"organisation"`
	Kind         string `json:"kind"` // AlertNeeds or AlertReport
	Text         string `json:"text"` // of a report: how far the move is. Chat programs show it, and are given all sentences in it
	Needs        []Need `json:"needs"`
	Early        bool   `json:"-"` // of a report: no pass has ended since the command began that tells
}

// The kinds of alerts.
const (
	AlertNeeds  = "needs"  // something is new that needs somebody
	AlertReport = "report" // where the move stands
)

// Need is something that needs somebody.
type Need struct {
	Sentence string   `json:"sentence"`
	NextStep string   `json:"next_step,omitempty"`
	Detail   string   `json:"-"` // the words of an error, which may name an account; only those who get mail are told
	Accounts []string `json:"-"` // of whom; likewise

	Why map[string]string `json:"-"` // what is the matter with each account, where that is known; likewise
}

// Subject is that of a message.
func (a Alert) Subject() string {
	switch {
	case a.Kind == AlertReport:
		return "rehome: " + a.Organisation + ": report"
	case len(a.Needs) == 1:
		return "rehome: " + a.Organisation + ": " + a.Needs[0].Sentence
	}
	return fmt.Sprintf("rehome: %s: %d things need somebody", a.Organisation, len(a.Needs))
}

// What a report says where nobody has to do anything, and before it is known what accounts need.
const (
	nothing = "Nothing needs somebody."
	early   = `No pass has ended since "rehome sync --follow" began: this report cannot tell yet what accounts need.`
)

// rest is what a report says behind its text.
func (a Alert) rest() string {
	switch {
	case a.Kind == AlertReport && a.Early:
		return early
	case len(a.Needs) == 0:
		return nothing
	}
	return ""
}

// words are all sentences, without names of accounts.
func (a Alert) words() string {
	var lines []string
	if a.Text != "" {
		lines = append(lines, a.Text)
	}
	for _, n := range a.Needs {
		lines = append(lines, n.Sentence)
	}
	if rest := a.rest(); rest != "" {
		lines = append(lines, rest)
	}
	return strings.Join(lines, "\n")
}

// shownAccounts are named in a message.
const shownAccounts = 20

// Body is the text of a message.
func (a Alert) Body() string {
	var b strings.Builder
	if a.Kind == AlertReport {
		b.WriteString(a.Text + "\n\n")
		if rest := a.rest(); rest != "" {
			b.WriteString(rest + "\n\n")
		}
	}
	for _, n := range a.Needs {
		b.WriteString(n.Sentence + "\n")
		if n.Detail != "" {
			b.WriteString("  " + n.Detail + "\n")
		}
		if n.NextStep != "" {
			b.WriteString("  Next step: " + n.NextStep + "\n")
		}
		for i, account := range n.Accounts {
			if i == shownAccounts {
				fmt.Fprintf(&b, "  and %d more\n", len(n.Accounts)-i)
				break
			}
			if why := n.Why[account]; why != "" {
				account += ": " + why
			}
			b.WriteString("  " + account + "\n")
		}
		b.WriteString("\n")
	}
	return b.String() + "This message was written by rehome (sync --follow). The setting alerts says who gets it.\n"
}

// Mailing sends alerts to somebody by a server.
type Mailing struct {
	Server Server
	From   letter.Envelope
	To     string
}

// Alert sends the message.
func (m Mailing) Alert(ctx context.Context, a Alert) error {
	session, err := m.Server.Open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	body := a.Body()
	page := "<!DOCTYPE html><html lang=\"en\"><body><pre>" + html.EscapeString(body) + "</pre></body></html>\n"
	message := letter.Letter{To: mail.Address{Address: m.To}, Language: "en", Subject: a.Subject(), Text: []byte(body), HTML: []byte(page)}.
		Message(m.From, letter.NewMessageID(m.From.From), time.Now())
	if _, err := session.Send(ctx, m.From.From.Address, m.To, message, func() error { return nil }); err != nil {
		return m.Server.fault(ctx, err, "send an alert to", m.To, "check alerts.mail and clients.notify")
	}
	return nil
}

// Webhook posts alerts to an address, which is a secret.
type Webhook struct{ Address rehome.Secret }

// webhookWithin bounds a post.
const webhookWithin = 30 * time.Second

// Check says what is wrong with the address.
func (w Webhook) Check() error {
	at, err := url.Parse(strings.TrimSpace(w.Address.Reveal()))
	if err == nil && at.Host != "" && (at.Scheme == "https" || at.Scheme == "http" && signon.OnThisMachine(at)) {
		return nil
	}
	return w.fault(rehome.ClassOperator, errors.New("is no address that begins with https://"))
}

// Alert posts the alert as JSON. It follows nobody to another address.
func (w Webhook) Alert(ctx context.Context, a Alert) error {
	ctx, cancel := context.WithTimeout(ctx, webhookWithin)
	defer cancel()
	a.Text = a.words()
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSpace(w.Address.Reveal()), bytes.NewReader(body))
	if err != nil {
		return w.Check()
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	var told *url.Error
	if errors.As(err, &told) {
		err = told.Err // without the address
	}
	if err != nil {
		return w.fault(rehome.ClassTemporary, err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16)
	if response.StatusCode/100 != 2 {
		return w.fault(rehome.ClassTemporary, fmt.Errorf("it answers %d", response.StatusCode))
	}
	return nil
}

func (w Webhook) fault(class rehome.Class, cause error) error {
	return &rehome.Fault{Class: class, Op: "post to", Object: "the webhook", Cause: cause, Hint: "check what alerts.webhook refers to"}
}
