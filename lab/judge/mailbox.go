// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window is how many messages are asked for at once.
const window = 200

// readMailbox opens a mailbox and reads it whole: what SELECT counts, what SEARCH names and what FETCH
// gives must be the same.
func (s *session) readMailbox(raw string, box *Mailbox) error {
	s.exists = 0
	s.shrunk = false
	if err := s.do(nil, text("EXAMINE"), quoted(raw)); err != nil {
		return err
	}
	exists := s.exists
	searched, err := s.search()
	if err != nil {
		return err
	}
	for first := uint32(1); first <= exists; first += window {
		found, err := s.fetch(first, min(first+window-1, exists))
		if err != nil {
			return err
		}
		box.Messages = append(box.Messages, found...)
	}
	for i := range box.Messages {
		box.Messages[i].Mailbox = box.Name
	}
	if s.exists != exists || s.shrunk {
		return fmt.Errorf("it changed while it was read: %d messages, then %d", exists, s.exists)
	}
	var fetched []uint32
	for _, m := range box.Messages {
		fetched = append(fetched, m.UID)
	}
	slices.Sort(fetched)
	if len(searched) != int(exists) || !slices.Equal(searched, fetched) {
		return fmt.Errorf("it holds %d messages by EXAMINE, %d by SEARCH (%s), %d by FETCH (%s)",
			exists, len(searched), excess(searched, fetched), len(fetched), excess(fetched, searched))
	}
	return nil
}

// excess shows what stands in one list only.
func excess(some, others []uint32) string {
	var only []uint32
	for _, uid := range some {
		if !slices.Contains(others, uid) && len(only) < 10 {
			only = append(only, uid)
		}
	}
	return fmt.Sprintf("alone with uid %v", only)
}

func (s *session) search() (uids []uint32, err error) {
	err = s.do(func(a answer) error {
		if a.word != "SEARCH" {
			return nil
		}
		for _, i := range a.items {
			uid, err := strconv.ParseUint(i.text, 10, 32)
			if err != nil {
				return fmt.Errorf("no uid: %s", a.line)
			}
			uids = append(uids, uint32(uid))
		}
		return nil
	}, text("UID"), text("SEARCH"), text("ALL"))
	slices.Sort(uids)
	return uids, err
}

// fetch reads messages by sequence numbers. Where the server refuses some, each is asked for alone, so
// that only the one that it cannot give is without content.
func (s *session) fetch(first, last uint32) ([]Message, error) {
	found, err := s.fetchRange(first, last, "(UID FLAGS INTERNALDATE"+s.saved()+" BODY.PEEK[])")
	if !errors.Is(err, errRefused) {
		return found, err
	}
	if first < last {
		found = nil
		for n := first; n <= last; n++ {
			one, err := s.fetch(n, n)
			if err != nil {
				return nil, err
			}
			found = append(found, one...)
		}
		return found, nil
	}
	words := err.Error()
	found, err = s.fetchRange(first, last, "(UID FLAGS INTERNALDATE)")
	for i := range found {
		found[i].Refusal = words
	}
	return found, err
}

// saved is the item that tells when a message came into the mailbox (RFC 8514), where it can be asked for.
func (s *session) saved() string {
	if s.offers["SAVEDATE"] {
		return " SAVEDATE"
	}
	return ""
}

// gathered is what several answers may say of one message (RFC 9051, section 7.5.2).
type gathered struct {
	Message
	given bool
}

func (s *session) fetchRange(first, last uint32, items string) ([]Message, error) {
	all := map[uint32]*gathered{}
	err := s.do(func(a answer) error {
		if a.word != "FETCH" || a.number < first || a.number > last {
			return nil
		}
		if len(a.items) != 1 {
			return fmt.Errorf("no answer to FETCH: %.300s", a.line)
		}
		if all[a.number] == nil {
			all[a.number] = &gathered{}
		}
		return all[a.number].take(a)
	}, text("FETCH"), text(fmt.Sprintf("%d:%d", first, last)), text(items))
	if err != nil {
		return nil, err
	}
	var found []Message
	for n := first; n <= last; n++ {
		m := all[n]
		if m == nil {
			continue // the count will tell
		}
		if m.UID == 0 {
			return nil, fmt.Errorf("FETCH gives message %d without its uid", n)
		}
		if !m.given && m.Refusal == "" {
			m.Refusal = "FETCH gives no content"
		}
		found = append(found, m.Message)
	}
	return found, nil
}

func (m *gathered) take(a answer) error {
	pairs := a.items[0].list
	for i := 0; i+1 < len(pairs); i += 2 {
		value := pairs[i+1]
		switch strings.ToUpper(pairs[i].text) {
		case "UID":
			uid, err := strconv.ParseUint(value.text, 10, 32)
			if err != nil {
				return fmt.Errorf("no uid: %.300s", a.line)
			}
			m.UID = uint32(uid)
		case "FLAGS":
			m.Flags = flagSet(value.list)
		case "INTERNALDATE":
			m.Date = dateOf(value.text)
		case "SAVEDATE":
			m.Saved = dateOf(value.text)
		case "BODY[]":
			m.given = !value.isNil()
			m.content(value.text)
		}
	}
	return nil
}

func (m *gathered) content(octets string) {
	kept := settled(octets)
	m.Settled, m.Bare, m.Octets, m.ID = sha256.Sum256(kept), sha256.Sum256(bare(octets)), len(kept), messageID(kept)
}

// flagSet sorts flags, whose case means nothing (RFC 9051, section 2.3.2). \Recent is the session's.
func flagSet(flags []item) []string {
	var set []string
	for _, flag := range flags {
		if lower := strings.ToLower(flag.text); lower != `\recent` {
			set = append(set, lower)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// dateOf reads "17-Jul-1996 02:44:25 -0700"; the day may be one digit behind a blank.
func dateOf(text string) time.Time {
	date, err := time.Parse("2-Jan-2006 15:04:05 -0700", strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	return date.UTC()
}
