// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"net/mail"
	"os"
	"path/filepath"
	"time"

	"rehome"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/content/letter"
	"rehome/internal/guide"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// The actions of messages in the audit log.
const (
	actionNotified = "page sent"
	actionReturned = "page came back"
	actionSettled  = "fate of a page settled"
)

// The kinds of messages: one of each for each person.
const (
	noticeBefore = "before" // the switch
	noticeAfter  = "after"
)

// shownMessages is how many messages a preview writes into files.
const shownMessages = 100

// NotifyOptions say what is done with messages.
type NotifyOptions struct {
	Send          bool
	Refused       bool     // send again what was refused or came back
	Again         bool     // send again to those who have the message
	Arrived, Lost []string // accounts of which somebody knows what became of a message
	Bounces       []string // messages that came back
	Begins        func(account string)
}

// Notify shows what each person is to be sent, or sends it. A run that only shows it writes the messages into files.
func (m *Move) Notify(ctx context.Context, only people.Choice, options NotifyOptions) (document notify.Document, err error) {
	document.Results = []notify.Result{}
	settings := m.settings.Clients.Notify
	if settings.Address == "" {
		return document, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "the server that sends the messages",
			Cause: &config.SettingsError{Cause: errors.New("clients.notify is not in the settings")},
			Hint:  "write there address, from and, if it asks for a login, user and password"}
	}
	envelope, err := envelopeOf(settings)
	if err != nil {
		return document, err
	}
	who, err := m.chosen(ctx, only)
	if err != nil {
		return document, err
	}
	unlock, err := who.store.LockFor("notify") // also to look: what another run is about to send is not known
	if err != nil {
		return document, err
	}
	defer unlock()
	bounces, err := m.settle(ctx, who.store, options)
	if err != nil {
		return document, err
	}
	all, err := m.messages(ctx, who)
	if err != nil {
		return document, err
	}
	if options.Send {
		document, err = m.sendNotices(ctx, who.store, all, envelope, options)
	} else {
		document, err = m.previewNotices(ctx, who.store, all, envelope)
	}
	document.Bounces = bounces
	return document, err
}

func envelopeOf(settings config.Notify) (envelope letter.Envelope, err error) {
	from, err := mail.ParseAddress(settings.From)
	if err != nil {
		return envelope, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "clients.notify.from", Cause: err}
	}
	envelope.From = *from
	if reply, err := mail.ParseAddress(settings.ReplyTo); err == nil { // the settings were checked
		envelope.ReplyTo = *reply
	}
	return envelope, nil
}

// settle keeps what is known of earlier messages.
func (m *Move) settle(ctx context.Context, store *ledger.Ledger, options NotifyOptions) (*notify.Bounces, error) {
	if err := notify.Settle(ctx, store.Notices, options.Arrived, options.Lost); err != nil {
		return nil, err
	}
	for word, accounts := range map[string][]string{"arrived": options.Arrived, "did not arrive": options.Lost} {
		for _, account := range accounts {
			if err := m.note(ctx, ledger.AuditLine{Action: actionSettled, Object: account, After: word}); err != nil {
				return nil, err
			}
		}
	}
	if len(options.Bounces) == 0 {
		return nil, nil
	}
	read, err := notify.ReadBounces(ctx, options.Bounces, store.Notices, func(ctx context.Context, n ledger.Notice) error {
		return m.note(ctx, ledger.AuditLine{Action: actionReturned, Object: n.Address, After: n.Words})
	})
	return &read, err
}

// messages are those of the chosen accounts, each made when it is asked for.
func (m *Move) messages(ctx context.Context, who selection) ([]notify.Person, error) {
	signer, err := m.profileSigner()
	if err != nil {
		return nil, err
	}
	papers, err := m.guidesOf(ctx, who.Everybody, who.accounts)
	if err != nil {
		return nil, err
	}
	var all []notify.Person
	for _, account := range who.accounts {
		kind := noticeBefore
		if switched, _ := papers.side(account); switched {
			kind = noticeAfter
		}
		all = append(all, notify.Person{Address: account.Address, Kind: kind, Make: func() (letter.Letter, error) {
			return papers.message(ctx, account, signer, kind == noticeAfter)
		}})
	}
	return all, nil
}

// message makes the message of one account. From the switch on, the profile for Apple's devices goes along, unless they get it
// elsewhere; before it, a device that took it would show an account that is not complete.
func (g *guides) message(ctx context.Context, account rehome.Account, signer *clientsetup.Signer, switched bool) (letter.Letter, error) {
	profile, data, err := "", []byte(nil), error(nil)
	if unsigned, ok := g.both(account.Domain()).Destination.Profile(deviceOwner(account)); ok && switched && g.move.settings.Clients.Responder == "" {
		profile = rehome.FileName(account.Address) + ".mobileconfig"
		if data, err = signer.Sign(unsigned); err != nil {
			return letter.Letter{}, &rehome.Fault{Class: rehome.ClassBug, Op: "sign the profile of", Object: account.Address, Cause: err}
		}
	}
	page, err := g.page(ctx, account, profile, nil)
	if err != nil {
		return letter.Letter{}, err
	}
	html, err := page.HTML(func(i guide.Image) string { return "cid:" + i.ID })
	if err != nil {
		return letter.Letter{}, &rehome.Fault{Class: rehome.ClassBug, Op: "write the page of", Object: account.Address, Cause: err}
	}
	content := letter.Letter{To: mail.Address{Name: g.settings[account.Address].DisplayName, Address: account.Address},
		Language: page.Language, Subject: page.Subject, Text: page.Text(), HTML: html}
	for _, i := range page.Images() {
		content.Images = append(content.Images, letter.Image{ID: i.ID, Data: i.PNG})
	}
	if profile != "" {
		content.Attached = []letter.File{{Name: profile, Type: "application/x-apple-aspen-config", Data: data}}
	}
	return content, nil
}

// previewNotices writes the messages, the first of many, to be looked at.
func (m *Move) previewNotices(ctx context.Context, store *ledger.Ledger, all []notify.Person, envelope letter.Envelope) (notify.Document, error) {
	folder := filepath.Join(m.settings.Accounts.Output, "clients", "messages")
	if err := removeMessages(folder); err != nil {
		return notify.Document{}, err
	}
	written := 0
	document, err := notify.Preview(ctx, all, envelope, store.Notices, func(address string, c letter.Letter) error {
		if written == shownMessages {
			return nil
		}
		written++
		return vault.WriteFile(filepath.Join(folder, rehome.FileName(address)+".eml"), c.Message(envelope, "", time.Time{}))
	})
	document.Folder, document.Written = folder, written
	return document, err
}

// removeMessages removes those of an earlier preview: they may not be what would be sent today.
func removeMessages(folder string) error {
	old, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	for _, file := range old {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		return vault.FolderFault(folder, err)
	}
	return nil
}

func (m *Move) sendNotices(
	ctx context.Context, store *ledger.Ledger, all []notify.Person, envelope letter.Envelope, options NotifyOptions,
) (notify.Document, error) {
	server, err := m.mailServer(ctx)
	if err != nil {
		return notify.Document{}, err
	}
	return notify.Run(ctx, all, notify.Options{
		Ledger: store.Notices, Envelope: envelope, Open: server.Open, PerMinute: m.settings.Clients.Notify.PerMinute, Refused: options.Refused,
		Again: options.Again, Begins: options.Begins, Now: time.Now,
		Changed: func(ctx context.Context, n ledger.Notice) error {
			return m.note(ctx, ledger.AuditLine{Action: actionNotified, Object: n.Address, After: n.Kind + " " + n.MessageID})
		},
	})
}

// mailServer is the one through which messages go.
func (m *Move) mailServer(ctx context.Context) (server notify.Server, err error) {
	settings := m.settings.Clients.Notify
	trust, err := settings.Client()
	if err != nil {
		return server, err
	}
	password, err := settings.Password.Resolve(ctx)
	return notify.Server{Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout,
		User: settings.User, Password: password, Clear: settings.AllowPlaintext || settings.OnThisMachine()}, err
}
