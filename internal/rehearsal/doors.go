// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// IMAPDoor is the door of an IMAP service.
func IMAPDoor(host *endpoint.IMAP) Door {
	return Door{Protocol: IMAP, Host: host.Settings().Address, Open: func(ctx context.Context, account rehome.Account) (Entered, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err // and no session that is not nil
		}
		return &imapMail{session}, nil
	}}
}

// POP3Door is the door of a POP3 service.
func POP3Door(address string, host *endpoint.POP3) Door {
	return Door{Protocol: POP3, Host: address, Open: func(ctx context.Context, account rehome.Account) (Entered, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		session.Close() // some servers lock the mailbox meanwhile
		return session, nil
	}}
}

// SubmissionDoor is the door of a service that takes mail from users.
func SubmissionDoor(address string, host *endpoint.Submission) Door {
	return Door{Protocol: Submission, Host: address, Open: func(ctx context.Context, account rehome.Account) (Entered, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		return session, nil
	}}
}

// SieveDoor is the door of a ManageSieve service.
func SieveDoor(address string, host *endpoint.Sieve) Door {
	return Door{Protocol: Sieve, Host: address, Open: func(ctx context.Context, account rehome.Account) (Entered, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		return &sieveScripts{session}, nil
	}}
}

// DAVDoor is the door of a service for contacts and calendars.
func DAVDoor(url string, host *endpoint.DAV) Door {
	return Door{Protocol: DAV, Host: url, Open: func(ctx context.Context, account rehome.Account) (Entered, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		return session, nil
	}}
}

// sieveScripts reads the rules of an account.
type sieveScripts struct{ *endpoint.SieveSession }

var _ Scripts = (*sieveScripts)(nil)

// ActiveScript implements Scripts.
func (s *sieveScripts) ActiveScript(ctx context.Context) (string, error) {
	all, err := s.ListScripts(ctx)
	if err != nil {
		return "", err
	}
	for _, script := range all {
		if script.Active {
			return s.GetScript(ctx, script.Name)
		}
	}
	return "", nil
}

// imapMail finds and removes messages.
type imapMail struct{ *endpoint.Session }

var _ Mail = (*imapMail)(nil)

// maxPlaces bounds what is looked through for one message.
const maxPlaces = 1000

// Places implements Mail. What shows the messages of other mailboxes is none.
func (m *imapMail) Places(ctx context.Context) ([]Place, error) {
	entries, err := m.List(ctx)
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, e := range entries {
		if e.Selectable() && !e.HasAttribute(`\All`) && !e.HasAttribute(`\Flagged`) {
			places = append(places, Place{Name: e.Name, Junk: e.HasAttribute(`\Junk`)})
		}
	}
	if len(places) > maxPlaces {
		return nil, fmt.Errorf("the account has more than %d mailboxes", maxPlaces)
	}
	slices.SortStableFunc(places, func(a, b Place) int { return cmp.Compare(a.rank(), b.rank()) })
	return places, nil
}

// Find implements Mail. A mailbox that cannot be opened holds nothing that could be found.
func (m *imapMail) Find(ctx context.Context, place Place, messageID, content string) ([]uint32, error) {
	_, err := m.Examine(ctx, place.Name)
	var status *imap.StatusError
	if errors.As(err, &status) && status.Kind == "NO" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := m.SearchHeader(ctx, "Message-ID", messageID)
	if err != nil || found.Empty() {
		return nil, err
	}
	var ours []uint32
	command, err := m.Fetch(ctx, found, imap.FetchItems{Body: true}, imap.FetchHandler{Literal: func(l *imap.Literal) error {
		octets, err := io.ReadAll(io.LimitReader(l, maxProbe))
		if err == nil && bytes.Contains(octets, []byte(messageID)) && bytes.Contains(octets, []byte(content)) && l.Size <= maxProbe {
			ours = append(ours, uint32(l.UID))
		}
		return err
	}})
	if err != nil {
		return nil, err
	}
	return ours, command.Wait(ctx)
}

// maxProbe bounds what may be one of our messages, with the header that servers put in front.
const maxProbe = 256 << 10

// Remove implements Mail.
func (m *imapMail) Remove(ctx context.Context, place Place, uids []uint32) error {
	var set imap.UIDSet
	for _, uid := range uids {
		set.Add(imap.UID(uid))
	}
	if !m.Capabilities().Has("UIDPLUS") {
		return errors.New("the server cannot remove single messages (no UIDPLUS)")
	}
	if _, err := m.Select(ctx, place.Name); err != nil {
		return err
	}
	if err := m.Store(ctx, set, imap.StoreAdd, []string{`\Deleted`}); err != nil {
		return err
	}
	return m.Expunge(ctx, set)
}
