// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// The environment raises how often each soak test interrupts the copy, and repeats a run.
const (
	soakVariable = "REHOME_SOAK"
	seedVariable = "REHOME_SEED"
	soakDefault  = 5
)

func fromEnvironment[T int | uint64](t *testing.T, name string, otherwise T) T {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		t.Fatalf("%s=%s: want a number", name, text)
	}
	return T(n)
}

// soak is a move that is interrupted again and again while its source goes on living.
type soak struct {
	move
	chance *rand.Rand
	count  int // interruptions to come
	users  []user
	boxes  []string // those that each account has
	mails  int

	doveadm, secret string // of the destination, for dsync

	moved map[string]imap.UIDSet // messages that were said to have new UIDs, by account and mailbox
}

var household = []imappair.Person{
	{Address: "anna@example.test", Password: password},
	{Address: "bert@example.test", Password: password},
	{Address: "carl@example.test", Password: password},
}

// newSoak starts a Maildir source and a destination of a layout. The settings of the move are the
// caller's to write.
func newSoak(t *testing.T, layout string) (s *soak, l *lab.Lab, src, dst server) {
	t.Helper()
	seed := fromEnvironment(t, seedVariable, uint64(time.Now().UnixNano()))
	t.Logf("%s=%d repeats the choices of this run", seedVariable, seed)
	l = lab.Open(t)
	src = startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: "mail_fsync = never\n"}, household...)
	dst, doveadm, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: layout, Separator: "/"}, household...)
	s = &soak{
		moved: map[string]imap.UIDSet{}, doveadm: doveadm, secret: secret,
		move:   move{t: t, Operator: newOperator(t), src: src, dst: dst, people: household},
		chance: rand.New(rand.NewPCG(seed, 1)), count: fromEnvironment(t, soakVariable, soakDefault),
		boxes: []string{"INBOX", src.name("Work"), src.name("Work", "2024"), src.name("Lists")},
	}
	for _, p := range household {
		u := src.logIn(t, p)
		for _, box := range s.boxes[1:] {
			u.fill(box)
		}
		s.users = append(s.users, u)
	}
	return s, l, src, dst
}

// live gives the source new mail and changes flags of old mail.
func (s *soak) live() {
	s.t.Helper()
	for i, u := range s.users {
		for _, box := range s.boxes {
			s.mails++
			title := "mail " + strconv.Itoa(s.mails)
			mails := letters(20+s.chance.IntN(100), 200<<s.chance.IntN(8), title)
			if s.chance.IntN(2) == 0 {
				mails = append(mails, mails[:s.chance.IntN(len(mails))]...) // twins
			}
			if s.chance.IntN(8) == 0 {
				mails = append(mails, letters(1, 3<<20, title+" large")...)
			}
			u.store(box, mails...)
		}
		box := s.boxes[s.chance.IntN(len(s.boxes))]
		if _, err := u.Select(s.t.Context(), box); err != nil {
			s.t.Fatalf("account %d: %v", i, err)
		}
		var some imap.UIDSet
		first := imap.UID(1 + s.chance.IntN(50))
		some.AddRange(first, first+imap.UID(s.chance.IntN(40)))
		mode := []imap.StoreMode{imap.StoreAdd, imap.StoreRemove}[s.chance.IntN(2)]
		flag := []string{`\Seen`, `\Flagged`, "$Label1"}[s.chance.IntN(3)]
		err := u.Store(s.t.Context(), some, mode, []string{flag})
		if err == nil {
			err = u.Unselect(s.t.Context())
		}
		if err != nil {
			s.t.Fatalf("account %d: %v", i, err)
		}
	}
}

// messages counts what the source holds now.
func (s *soak) messages() (total int) {
	s.t.Helper()
	for _, u := range s.users {
		for _, box := range s.boxes {
			status, err := u.Status(s.t.Context(), box)
			if err != nil {
				s.t.Fatal(err)
			}
			n, told := status.Messages.Told()
			if !told {
				s.t.Fatalf("%s is not counted", box)
			}
			total += int(n)
		}
	}
	return total
}

// settle lets the move come to its end in peace, and proves that both ends are equal and that
// nothing is left to do.
func (s *soak) settle() {
	s.t.Helper()
	s.hear(s.Want(s.t, 0, "sync", "--json").Out)
	s.wantEqual(s.messages())
	if n, adopted, failed := copied(operator.Answer[operator.Synced](s.t, s.Operator, 0, "sync")); n+adopted+failed != 0 {
		s.t.Errorf("a pass after the last one copied %d, adopted %d, failed %d", n, adopted, failed)
	}
}

// shortSettle is enough for servers on this machine that nobody stalls.
const shortSettle = "mail: {settle: 4s}\n"

// soakLayouts are those whose ways of committing an APPEND differ most.
var soakLayouts = []string{dovecot.Mdbox, dovecot.Maildir}

// The process is killed at random moments, over and over, while mail goes on arriving at the source.
// In the end both ends are equal, and nothing is there twice.
func TestSoak_killed(t *testing.T) {
	t.Parallel()
	for _, layout := range soakLayouts {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			s, l, src, dst := newSoak(t, layout)
			if err := imappair.Prepare(l, s.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: household,
				More: shortSettle}); err != nil {
				t.Fatal(err)
			}
			s.killAgainAndAgain()
			s.settle()
		})
	}
}

// Connections of either side are cut at random bytes, over and over, while mail goes on arriving at
// the source. There is no TLS, so that every cut is exactly where it was wanted.
func TestSoak_cut(t *testing.T) {
	t.Parallel()
	for _, layout := range soakLayouts {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			s, l, src, dst := newSoak(t, layout)
			var proxies []*faultproxy.Proxy
			for _, addr := range []string{src.plain, dst.plain} {
				proxy := faultproxy.Open(t, addr)
				proxies = append(proxies, proxy)
			}
			err := imappair.Prepare(l, s.Dir, imappair.Options{
				Source: proxies[0].Addr(), Destination: proxies[1].Addr(), Plain: true, People: household, More: shortSettle,
			})
			if err != nil {
				t.Fatal(err)
			}
			s.cutAgainAndAgain(proxies...)
			s.settle()
		})
	}
}

// killAgainAndAgain runs passes and kills them at random moments.
func (s *soak) killAgainAndAgain() {
	s.t.Helper()
	kills, runs := 0, 0
	for longest := 400 * time.Millisecond; kills < s.count; runs++ {
		if runs == 0 || s.chance.IntN(8) == 0 {
			s.live()
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Duration(s.chance.Int64N(int64(longest))))
		started := time.Now()
		switch err := s.Command(ctx, "sync", "--quiet").Run(); {
		case err == nil:
			longest = (longest + time.Since(started)) / 2
			s.live()
		case ctx.Err() != nil:
			kills++
		default:
			s.t.Errorf("run %d: %v", runs, err)
		}
		cancel()
		longest = min(longest+longest/20, 3*time.Second)
	}
	s.t.Logf("%d runs, %d of them killed, %d messages", runs, kills, s.messages())
}

// cutAgainAndAgain runs passes whose connections through the proxies are cut.
func (s *soak) cutAgainAndAgain(proxies ...*faultproxy.Proxy) {
	s.t.Helper()
	runs, whole := 0, 0
	for ; cuts(proxies) < s.count; runs++ {
		s.live()
		for _, proxy := range proxies {
			proxy.Plan(s.cutting())
		}
		// 3: an end could not be reached, as it looks when log-ins are cut. 5: something is left.
		o := s.Run(s.t, "sync", "--json")
		s.hear(o.Out)
		switch o.Code {
		case 0:
			whole++
		case 3, 5:
		default:
			s.t.Fatalf("run %d ended with %d\n%s%s", runs, o.Code, o.Out, o.Err)
		}
	}
	for _, proxy := range proxies {
		proxy.Plan(nil)
	}
	s.t.Logf("%d runs, %d of them complete, %d cuts, %d messages", runs, whole, cuts(proxies), s.messages())
}

// The same where messages keep their UIDs: killed and cut, by dsync as well, in the end every program finds all as it knows it.
func TestSoak_withUIDs(t *testing.T) {
	t.Parallel()
	for _, layout := range soakLayouts {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			s, l, src, dst := newSoak(t, layout)
			s.count = fromEnvironment(t, soakVariable, 2) / 2 // of each kind
			var proxies []*faultproxy.Proxy
			for _, addr := range []string{src.plain, dst.plain, s.doveadm} {
				proxies = append(proxies, faultproxy.Open(t, addr))
			}
			err := imappair.Prepare(l, s.Dir, imappair.Options{
				Source: proxies[0].Addr(), Destination: proxies[1].Addr(), Plain: true, People: household, More: shortSettle,
				Dsync: dsyncAt(proxies[2].Addr(), s.secret),
			})
			if err != nil {
				t.Fatal(err)
			}
			s.killAgainAndAgain()
			s.cutAgainAndAgain(proxies...)
			s.settle()
			for _, p := range household {
				s.wantNumbersButMoved(p, []string{"INBOX"}, []string{"Work"}, []string{"Work", "2024"}, []string{"Lists"})
			}
		})
	}
}

// hear notes which messages a run says to have new UIDs. One that has come to nothing says something else.
func (s *soak) hear(out string) {
	s.t.Helper()
	var said struct {
		Accounts []struct {
			Account  string
			Findings []struct{ Code, Object, Sentence string }
		}
	}
	if json.Unmarshal([]byte(out), &said) != nil {
		return
	}
	for _, account := range said.Accounts {
		for _, f := range account.Findings {
			if f.Code != "uids_not_kept" {
				continue
			}
			s.t.Logf("%s %s: %s", account.Account, f.Object, f.Sentence)
			list := regexp.MustCompile(`\(UID ([0-9,:]+)\)`).FindStringSubmatch(f.Sentence)
			if list == nil {
				s.t.Fatalf("%q names no messages", f.Sentence)
			}
			uids, ok := imap.ParseUIDSet(list[1])
			if !ok {
				s.t.Fatalf("%q is no set of UIDs", list[1])
			}
			key := account.Account + " " + f.Object
			moved := s.moved[key]
			moved.AddSet(uids)
			s.moved[key] = moved
		}
	}
}

// wantNumbersButMoved is wantNumbers where nothing was said to have new UIDs. Elsewhere those that were, and no others, are not the same
// message under the same UID. Of two that are alike nobody can tell whether one has the other's.
func (s *soak) wantNumbersButMoved(p imappair.Person, mailboxes ...[]string) {
	s.t.Helper()
	for _, path := range mailboxes {
		from, to := s.src.name(path...), s.dst.name(path...)
		if path[0] == "INBOX" {
			from, to = "INBOX", "INBOX"
		}
		said := s.moved[p.Address+" "+from]
		if said.Empty() {
			s.wantNumbers(p, path)
			continue
		}
		src, often := map[imap.UID]string{}, map[string]int{}
		var is, same, alike imap.UIDSet
		s.src.logIn(s.t, p).read(from, func(uid imap.UID, text string) {
			src[uid] = text
			often[text]++
			is.Add(uid)
		})
		s.dst.logIn(s.t, p).read(to, func(uid imap.UID, text string) {
			if src[uid] == text {
				same.Add(uid)
			}
		})
		for uid, text := range src {
			if often[text] > 1 {
				alike.Add(uid)
			}
		}
		is = is.Minus(same)
		if !is.Minus(said).Empty() || !said.Minus(is).Minus(alike).Empty() {
			s.t.Errorf("%s of %s: %s have new UIDs, and %s were said to", from, p.Address, is, said)
		}
	}
}

// cutConnections is how many connections of a run may be cut at each end: after each cut the product
// waits a little longer, and would spend the test with waiting.
const cutConnections = 8

// cutting plans the connections of one run: some are cut, in either direction, early or late.
func (s *soak) cutting() func(int) *faultproxy.Faults {
	chance := rand.New(rand.NewPCG(s.chance.Uint64(), 2)) // the proxies ask at any time
	return func(number int) *faultproxy.Faults {
		if number > cutConnections || chance.IntN(2) == 0 {
			return nil
		}
		fault := faultproxy.Fault{CutAfter: 1 + chance.Int64N(1<<(6+chance.IntN(16))), End: faultproxy.FIN}
		if chance.IntN(2) == 0 {
			fault.End = faultproxy.RST
		}
		if chance.IntN(2) == 0 {
			return &faultproxy.Faults{ToServer: fault}
		}
		return &faultproxy.Faults{ToClient: fault}
	}
}

func cuts(proxies []*faultproxy.Proxy) (total int) {
	for _, proxy := range proxies {
		total += proxy.Counts().Cuts
	}
	return total
}
