// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"errors"
	"strings"
	"testing"

	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

func TestUIDGround_judge(t *testing.T) {
	t.Parallel()
	box := func(validity uint32, next imap.UID, messages int64) imap.Selected {
		return imap.Selected{UIDValidity: validity, UIDNext: next, Messages: imap.CountOf(messages)}
	}
	untold := box(8, 1, 0)
	untold.Messages = imap.Count{}
	for name, test := range map[string]struct {
		ground uidGround
		want   uidVerdict
	}{
		"a mailbox that nobody has used":     {uidGround{src: box(7, 9, 3), dst: box(8, 1, 0)}, uidsAlign},
		"one that has the UIDVALIDITY":       {uidGround{src: box(7, 9, 3), dst: box(7, 5, 2), used: true}, uidsKept},
		"one that was used":                  {uidGround{src: box(7, 9, 3), dst: box(8, 2, 0)}, uidsLost},
		"one with messages":                  {uidGround{src: box(7, 9, 3), dst: box(8, 1, 1)}, uidsLost},
		"one that does not say what it has":  {uidGround{src: box(7, 9, 3), dst: untold}, uidsLost},
		"one of which the ledger knows":      {uidGround{src: box(7, 9, 3), dst: box(8, 1, 0), used: true}, uidsLost},
		"one for several of the source":      {uidGround{src: box(7, 9, 3), dst: box(8, 1, 0), shared: true}, uidsLost},
		"a source that tells no UIDVALIDITY": {uidGround{src: box(0, 9, 3), dst: box(8, 1, 0)}, uidsLost},
	} {
		got, why := test.ground.judge()
		if got != test.want || (why == "") != (got != uidsLost) {
			t.Errorf("%s: got %d, %q, want %d", name, got, why, test.want)
		}
	}
}

func TestConversation_judgeBox(t *testing.T) {
	t.Parallel()
	c := conversation{before: 10, present: presence{uids: imap.NewUIDSet(3, 9)}}
	good := dsync.Box{UIDValidity: 7, UIDNext: 10, Messages: 2, KeepsGUIDs: true}
	for name, test := range map[string]struct {
		change func(*dsync.Box)
		want   error
	}{
		"as listed":           {func(*dsync.Box) {}, nil},
		"another UIDVALIDITY": {func(b *dsync.Box) { b.UIDValidity = 8 }, errChanged},
		"another message":     {func(b *dsync.Box) { b.Messages = 3 }, errChanged},
		"one came and went":   {func(b *dsync.Box) { b.UIDNext = 11 }, errChanged},
		"gone":                {func(b *dsync.Box) { b.Lost = true }, lostUnlisted},
		"no GUIDs":            {func(b *dsync.Box) { b.KeepsGUIDs = false }, lostGUIDs},
	} {
		box := good
		test.change(&box)
		if got := c.judgeBox(box, 7); !errors.Is(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestAsked_judge(t *testing.T) {
	t.Parallel()
	mailbox := dsync.GUID{1}
	request := func(uid imap.UID) dsync.Request { return dsync.Request{GUID: newNaming(mailbox, 7).of(uid)} }
	for name, test := range map[string]struct {
		asked []dsync.Request
		want  error
	}{
		"all that is new":             {[]dsync.Request{request(12), request(11)}, nil},
		"not all":                     {[]dsync.Request{request(11)}, errChanged},
		"one that should be there":    {[]dsync.Request{request(9), request(11), request(12)}, lostUnknown},
		"one of another mailbox":      {[]dsync.Request{request(11), {GUID: newNaming(dsync.GUID{2}, 7).of(12)}}, lostUnknown},
		"one of another UIDVALIDITY":  {[]dsync.Request{request(11), {GUID: newNaming(mailbox, 8).of(12)}}, lostUnknown},
		"by UID":                      {[]dsync.Request{{UID: 11}, {UID: 12}}, nil},
		"a GUID that is none of ours": {[]dsync.Request{request(11), request(12), {GUID: "x"}}, lostUnknown},
	} {
		a := &asked{naming: newNaming(mailbox, 7)}
		for _, r := range test.asked {
			if err := a.note(r); err != nil {
				t.Fatal(err)
			}
		}
		if got := a.judge(imap.NewUIDSet(11, 12)); !errors.Is(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	const hex = "0123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct {
		names map[imap.UID]string
		want  error
	}{
		"all":             {map[imap.UID]string{3: hex, 9: "1117.M1P1.host"}, nil},
		"upper case":      {map[imap.UID]string{3: hex, 9: strings.ToUpper(hex)}, nil},
		"none":            {nil, lostUntold},
		"nothing at all":  {nil, errChanged},
		"one is not told": {map[imap.UID]string{3: hex}, errChanged},
		"twins":           {map[imap.UID]string{3: hex, 9: hex}, lostTwins},
		"long twins":      {map[imap.UID]string{3: "a", 9: "a"}, lostTwins},
	} {
		p := presence{uids: imap.NewUIDSet(3, 9), told: name != "nothing at all", short: map[imap.UID]dsync.GUID{}, long: map[imap.UID]string{}}
		for uid, name := range test.names {
			p.take(uid, name)
		}
		if got := p.judge(); !errors.Is(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
		for uid, got := range p.all() {
			if want := test.names[uid]; test.want == nil && got != want {
				t.Errorf("%s: UID %d is %q, want %q", name, uid, got, want)
			}
		}
	}
}
