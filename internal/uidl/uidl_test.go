// SPDX-License-Identifier: Apache-2.0

package uidl_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rehome/internal/protocol/imap"
	"rehome/internal/uidl"
)

func TestFormOf(t *testing.T) {
	t.Parallel()
	const validity = 1234567
	for form, ids := range map[uidl.Form][]string{
		uidl.DovecotForm: {"0000000a0012d687", "0000000b0012D687"},
		uidl.UWForm:      {"0012d6870000000a", "0012d6870000000b"},
		uidl.CyrusForm:   {"1234567.10", "1234567.11"},
		uidl.CourierForm: {"1234567-10", "1117.M1P1.host", "1234567-11"},
		uidl.NumberForm:  {"10", "11"},
	} {
		if got := uidl.FormOf(validity, drop(ids...)); got != form {
			t.Errorf("%v: form %s, want %s", ids, got, form)
		}
	}
	for _, ids := range [][]string{
		nil, {"10", "x"}, {"11", "10"}, {"10", "10"}, {"0"}, {"010"}, {"4294967296"},
		{"1234568.10"}, {"1234567.010"}, {"1234567.10.1"}, {"0000000a0012d688"}, {"0x00000a0012d687"}, {"1234567- 10"}, {"1234567-+10"},
	} {
		if got := uidl.FormOf(validity, drop(ids...)); got != uidl.Opaque {
			t.Errorf("%v: form %s, want none", ids, got)
		}
	}
}

func drop(ids ...string) (all []uidl.Shown) {
	for i, id := range ids {
		all = append(all, uidl.Shown{Number: i + 1, Octets: 100, ID: id})
	}
	return all
}

// A number is the UID only where nothing speaks against it: here the sizes do.
func TestMatch_numbersThatAreNotUIDs(t *testing.T) {
	t.Parallel()
	messages := []uidl.Message{{UID: 1, Octets: 500}, {UID: 2, Octets: 600}}
	shown := []uidl.Shown{{Number: 1, Octets: 600, ID: "1"}, {Number: 2, Octets: 700, ID: "2"}}
	m := uidl.Match(9, messages, shown)
	if m.Form != uidl.Opaque || len(m.Of) != 0 || len(m.Rest) != 2 || len(m.Other) != 2 {
		t.Errorf("got %+v, want nothing joined", m)
	}
	shown[0].Octets, shown[1].Octets = 500, 600
	if m := uidl.Match(9, messages, shown); m.Form != uidl.NumberForm || m.Of[2].ID != "2" || len(m.Rest)+len(m.Other) != 0 {
		t.Errorf("got %+v, want all joined by numbers", m)
	}
}

func TestDigestOf(t *testing.T) {
	t.Parallel()
	want, ok := uidl.DigestOf([]byte("From: a\r\nSubject: one\r\n two\r\n\r\nbody"))
	if !ok {
		t.Fatal("no digest")
	}
	for _, same := range []string{
		"From: a\nSubject: one\n two\n",
		"From: a\r\nStatus: RO\r\n more\r\nSubject: one\r\n two\r\nX-UIDL: 7\r\n\r\n",
		"From: a\r\nSubject: one\r\n two\r\n \t\r\nno field\r\nbad name: x\r\n\r\r\nSubject: body",
	} {
		if got, _ := uidl.DigestOf([]byte(same)); got != want {
			t.Errorf("%q has another digest", same)
		}
	}
	for _, other := range []string{"From: a\r\nSubject: one two\r\n", "From: a\r\n\r\nSubject: one\r\n two\r\n", "Subject: one\r\n two\r\nFrom: a\r\n"} {
		if got, _ := uidl.DigestOf([]byte(other)); got == want {
			t.Errorf("%q has the same digest", other)
		}
	}
	for _, empty := range []string{"", "\r\nFrom: a\r\n", "Status: RO\r\n", "no field\r\n"} {
		if _, ok := uidl.DigestOf([]byte(empty)); ok {
			t.Errorf("%q has a digest", empty)
		}
	}
}

// letter is a message of a generated account. Its header tells it, unless it has a twin.
type letter struct {
	uid    imap.UID
	octets int64
	header string
	hidden bool // from POP3
	other  bool // of another mailbox that POP3 shows as well
}

// account makes one up whose maildrop hides, merges and mixes, and whose identifiers have any form.
func account(r *rand.Rand) (validity uint32, letters []letter, form uidl.Form, courier bool) {
	validity = 1 + r.Uint32N(1<<20)
	uid := imap.UID(0)
	for range r.IntN(12) {
		uid += 1 + imap.UID(r.UintN(3))
		l := letter{uid: uid, octets: 100 + int64(r.IntN(1+r.IntN(2)*1_000_000)), header: fmt.Sprintf("Message-ID: <%d>\r\n", r.IntN(20)),
			hidden: r.IntN(5) == 0, other: r.IntN(6) == 0}
		letters = append(letters, l)
	}
	all := []uidl.Form{uidl.Opaque, uidl.DovecotForm, uidl.UWForm, uidl.CyrusForm, uidl.CourierForm, uidl.NumberForm}
	return validity, letters, all[r.IntN(len(all))], r.IntN(2) == 0
}

// However a server makes its identifiers, hides, merges and sorts: no message gets that of one that differs from it in its
// header, whoever is joined is joined once, and with all headers known nobody stays apart from its own identifier.
func TestMatch_anyMaildrop(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20000) {
		r := rand.New(rand.NewPCG(seed, 1))
		validity, letters, form, sorted := account(r)
		var messages []uidl.Message
		var shown []uidl.Shown
		of := uidl.Digests{Messages: map[imap.UID]uidl.Digest{}, Shown: map[int]uidl.Digest{}}
		truth := map[string]letter{}
		order := slices.Clone(letters)
		if !sorted {
			r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		headers := map[imap.UID]string{}
		for _, l := range letters {
			headers[l.uid] = l.header
			if !l.other {
				messages = append(messages, uidl.Message{UID: l.uid, Octets: l.octets})
				of.Messages[l.uid], _ = uidl.DigestOf([]byte(l.header))
			}
		}
		for _, l := range order {
			if l.hidden {
				continue
			}
			id := form.Of(validity, l.uid)
			if l.other && form != uidl.NumberForm {
				id = form.Of(validity+1, l.uid) // its mailbox has another UIDVALIDITY
			}
			if form == uidl.Opaque || form == uidl.CourierForm && r.IntN(2) == 0 {
				id = fmt.Sprintf("%x.host", r.Uint64())
			}
			s := uidl.Shown{Number: len(shown) + 1, Octets: l.octets, ID: id}
			shown, truth[id] = append(shown, s), l
			of.Shown[s.Number], _ = uidl.DigestOf([]byte(l.header))
		}
		m := uidl.Match(validity, messages, shown)
		provable := m.Form != uidl.Opaque
		m.Join(of)
		checkMatching(t, seed, m, truth, headers, provable)
		if len(m.Of)+len(m.Rest) != len(messages) || len(m.Of)+len(m.Other) != len(shown) {
			t.Errorf("seed %d: %d joined, %d and %d left of %d and %d", seed, len(m.Of), len(m.Rest), len(m.Other), len(messages), len(shown))
		}
		if t.Failed() {
			return
		}
	}
}

func checkMatching(t *testing.T, seed uint64, m uidl.Matching, truth map[string]letter, headers map[imap.UID]string, provable bool) {
	t.Helper()
	taken := map[int]bool{}
	last := 0
	for _, uid := range m.InOrder() {
		s := m.Of[uid]
		is := truth[s.ID]
		if taken[s.Number] || s.Number <= last {
			t.Errorf("seed %d: number %d is joined twice, or out of order", seed, s.Number)
		}
		taken[s.Number], last = true, s.Number
		if is.uid != uid && is.header != headers[uid] || provable && is.uid == uid && is.other {
			t.Errorf("seed %d: UID %d (%s) got the identifier of %+v", seed, uid, headers[uid], is)
		}
	}
	for _, rest := range m.Rest {
		for _, s := range m.Other {
			if truth[s.ID].uid == rest.UID && !truth[s.ID].other {
				t.Errorf("seed %d: UID %d and its identifier stay apart", seed, rest.UID)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("0000000a0012d687", "Subject: x\r\n\r\n", uint32(1234567))
	f.Fuzz(func(t *testing.T, id, header string, validity uint32) {
		uidl.DigestOf([]byte(header))
		m := uidl.Match(validity, []uidl.Message{{UID: 10, Octets: 5}}, []uidl.Shown{{Number: 1, Octets: 4, ID: id}})
		if s, joined := m.Of[10]; joined && s.ID != id {
			t.Errorf("got %q, want %q", s.ID, id)
		}
	})
}
