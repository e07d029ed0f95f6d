// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/pop3"
	"rehome/internal/protocol/submission"
)

// memory is a ledger.
type memory struct {
	attempts []ledger.Login
	probes   []ledger.Probe
}

func (m *memory) Begin(_ context.Context, a ledger.Login) (int64, error) {
	a.Began = time.Now().Truncate(time.Second)
	m.attempts = append(m.attempts, a)
	return int64(len(m.attempts)), nil
}

func (m *memory) End(_ context.Context, id int64, a ledger.Login) error {
	a.Began = m.attempts[id-1].Began
	m.attempts[id-1] = a
	return nil
}

func (m *memory) Last(context.Context) ([]ledger.Login, error) { return slices.Clone(m.attempts), nil }

func (m *memory) Failures(_ context.Context, since time.Time) (all []time.Time, err error) {
	for _, a := range m.attempts {
		if a.Failure && !a.Began.Before(since) {
			all = append(all, a.Began)
		}
	}
	return all, nil
}

func (m *memory) Intend(_ context.Context, p ledger.Probe) error {
	p.Sent = time.Now()
	m.probes = append(m.probes, p)
	return nil
}

func (m *memory) Save(_ context.Context, p ledger.Probe) error {
	for i := range m.probes {
		if m.probes[i].MessageID == p.MessageID {
			m.probes[i].State, m.probes[i].Place = p.State, p.Place
		}
	}
	return nil
}

func (m *memory) All(context.Context) ([]ledger.Probe, error) { return slices.Clone(m.probes), nil }

// host is a destination that counts as fail2ban does, and fails the test if it ever has to lock somebody out.
type host struct {
	t        *testing.T
	answers  map[string]error // by protocol and account, or by protocol, or by account; nil lets in
	offered  []string         // "imap anna", in order
	failures []time.Time
	boxes    map[string]map[string][]string // of each account: Message-IDs by mailbox
	files    []string                       // where mail is filed; none loses it
	sendErr  error
	script   string
	unable   bool // to remove
	removed  int
}

const maxRetry, findTime = 5, 10 * time.Minute // fail2ban's defaults

func (h *host) open(protocol Protocol) func(context.Context, rehome.Account) (Entered, error) {
	return func(ctx context.Context, account rehome.Account) (Entered, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(account.Address, "@example.test")
		h.offered = append(h.offered, string(protocol)+" "+name)
		for _, key := range []string{string(protocol) + " " + name, string(protocol), name} {
			if err := h.answers[key]; err != nil {
				if judge(err).sent {
					h.count()
				}
				return nil, err
			}
		}
		return &session{host: h, account: account.Address}, nil
	}
}

func (h *host) count() {
	h.failures = append(h.failures, time.Now())
	within := 0
	for _, at := range h.failures {
		if time.Since(at) < findTime {
			within++
		}
	}
	if within >= maxRetry {
		h.t.Errorf("the host locks this machine out after %d failures within %v", within, findTime)
	}
}

type session struct {
	*host
	account string
}

func (s *session) Close() {}

func (s *session) Send(_ context.Context, _, to string, message []byte) (string, error) {
	if s.sendErr != nil {
		return "", s.sendErr
	}
	_, id, _ := strings.Cut(string(message), "Message-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	for _, place := range s.files {
		s.boxes[to][place] = append(s.boxes[to][place], id)
	}
	return "queued", nil
}

func (s *session) ActiveScript(context.Context) (string, error) { return s.script, nil }

func (s *session) Places(context.Context) ([]Place, error) {
	return []Place{{Name: "INBOX"}, {Name: "Junk", Junk: true}, {Name: "Filed"}}, nil
}

func (s *session) Find(_ context.Context, place Place, id, _ string) (uids []uint32, err error) {
	for i, held := range s.boxes[s.account][place.Name] {
		if held == id {
			uids = append(uids, uint32(i))
		}
	}
	return uids, nil
}

func (s *session) Remove(_ context.Context, place Place, uids []uint32) error {
	if s.unable {
		return errors.New("no UIDPLUS")
	}
	for _, uid := range uids {
		s.boxes[s.account][place.Name][uid] = "gone"
		s.removed++
	}
	return nil
}

// stage is a destination with people, and the ledger.
type stage struct {
	host   *host
	ledger *memory
	people []Candidate
	o      Options
	said   []Change
}

func newStage(t *testing.T, names ...string) *stage {
	s := &stage{host: &host{t: t, answers: map[string]error{}, boxes: map[string]map[string][]string{}, files: []string{"INBOX"}}, ledger: &memory{}}
	for _, name := range names {
		address := name + "@example.test"
		s.host.boxes[address] = map[string][]string{}
		s.people = append(s.people, Candidate{Account: rehome.Account{Address: address, DestinationPassword: rehome.NewSecret("p")},
			Password: "own", Print: "k:" + name})
	}
	s.o = Options{Logins: s.ledger, Probes: s.ledger, Limits: Limits{Pause: time.Second, Refusals: 3, Window: 15 * time.Minute, Wait: time.Minute},
		Differ:  func(a, b string) bool { return a != b },
		Changed: func(_ context.Context, c Change) error { s.said = append(s.said, c); return nil }}
	for _, p := range []Protocol{IMAP, POP3, Sieve, Submission, DAV} {
		s.o.Doors = append(s.o.Doors, Door{Protocol: p, Host: "h", Open: s.host.open(p)})
	}
	return s
}

// run runs once and returns what was offered and the results, "imap=accepted ...", of each account.
func (s *stage) run(t *testing.T) (Document, []string) {
	t.Helper()
	s.host.offered = nil
	d, err := Run(t.Context(), s.people, s.o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range d.Accounts {
		var words []string
		for _, try := range a.Logins {
			words = append(words, fmt.Sprintf("%s=%s", try.Protocol, try.Result))
		}
		if a.Probe != nil {
			words = append(words, "probe="+string(a.Probe.State))
		}
		all = append(all, strings.Join(words, " "))
	}
	return d, all
}

const fine = "imap=accepted pop3=accepted managesieve=accepted submission=accepted dav=accepted probe=removed"

func refusal(code, text string) error {
	return &rehome.Fault{Op: "log in", Cause: &imap.StatusError{Kind: "NO", Command: "AUTHENTICATE PLAIN", Code: code, Text: text}}
}

func TestRun_everythingWorksOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna", "bo")
		d, got := s.run(t)
		if want := []string{fine, fine}; !slices.Equal(got, want) || d.Outcome() != rehome.OutcomeDone || len(d.Findings) > 0 || s.host.removed != 2 {
			t.Errorf("got %q, %v, %+v", got, d.Outcome(), d.Findings)
		}
		if len(s.said) != 4 || s.said[0].Action != ActionSent || s.said[1].Action != ActionRemoved {
			t.Errorf("changes %+v", s.said)
		}
		began := time.Now()
		if d, got = s.run(t); !slices.Equal(got, []string{fine, fine}) || len(s.host.offered) > 0 || time.Since(began) > 0 ||
			!d.Accounts[0].Logins[0].Kept {
			t.Errorf("again: got %q, offered %q", got, s.host.offered)
		}
		s.people[0].Print = "k:changed"
		if _, _ = s.run(t); len(s.host.offered) != 5 || s.host.removed != 2 {
			t.Errorf("after a new password: offered %q, removed %d", s.host.offered, s.host.removed)
		}
		s.o.Again = true
		if _, got = s.run(t); len(s.host.offered) != 10 || s.host.removed != 4 || got[1] != fine {
			t.Errorf("again on demand: %q, offered %q, removed %d", got, s.host.offered, s.host.removed)
		}
	})
}

func TestRun_refusedPasswordIsOfferedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna", "bo")
		s.host.answers["anna"] = refusal("AUTHENTICATIONFAILED", "no")
		d, got := s.run(t)
		want := "imap=refused pop3=not_tried managesieve=not_tried submission=not_tried dav=not_tried probe=skipped"
		if got[0] != want || got[1] != fine || d.Outcome() != rehome.OutcomeDiffers || len(s.host.failures) != 1 {
			t.Errorf("got %q, %v, %v", got, d.Outcome(), s.host.failures)
		}
		if _, got = s.run(t); got[0] != want || len(s.host.offered) > 0 {
			t.Errorf("later: %q, offered %q", got, s.host.offered)
		}
		s.o.RetryRefused = true
		if _, got = s.run(t); got[0] != want || !slices.Equal(s.host.offered, []string{"imap anna"}) {
			t.Errorf("on demand: %q, offered %q", got, s.host.offered)
		}
		s.o.RetryRefused = false
		s.people[0].Print = "k:new"
		delete(s.host.answers, "anna")
		if _, got = s.run(t); got[0] != fine {
			t.Errorf("after a new password: %q", got)
		}
	})
}

// What a service refuses to a password that another one has accepted is the service's own trouble.
func TestRun_aServiceThatIsShutToTheAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna")
		s.host.answers["pop3"] = &rehome.Fault{Op: "log in", Cause: &pop3.StatusError{Command: "PASS", Code: "AUTH", Text: "POP3 is disabled for you"}}
		_, got := s.run(t)
		if want := strings.Replace(fine, "pop3=accepted", "pop3=forbidden", 1); got[0] != want {
			t.Errorf("got %q, want %q", got[0], want)
		}
		if _, _ = s.run(t); len(s.host.offered) > 0 {
			t.Errorf("offered again %q", s.host.offered)
		}
	})
}

func TestRun_neverLocksAnybodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 40 {
			names = append(names, fmt.Sprintf("user%02d", i))
		}
		s := newStage(t, names...)
		for _, name := range names {
			s.host.answers[name] = refusal("AUTHENTICATIONFAILED", "no")
		}
		d, _ := s.run(t)
		if len(s.host.failures) != 3 || !strings.HasPrefix(d.Stopped, "the host did not accept 3 logins within 15m,") || d.Outcome() != rehome.OutcomeUnreachable {
			t.Errorf("%d failures, stopped %q, %v", len(s.host.failures), d.Stopped, d.Outcome())
		}
		for range 30 { // an impatient person; the host counts on
			s.run(t)
			time.Sleep(time.Minute)
		}
		if n := len(s.host.failures); n < 6 || n > 9 {
			t.Errorf("%d failures within half an hour", n)
		}
	})
}

func TestRun_stops(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"by a code":   refusal("LIMIT", "slow down"),
		"by words":    refusal("AUTHENTICATIONFAILED", "Your address was blocked"),
		"before SMTP": &rehome.Fault{Op: "connect", Cause: &submission.StatusError{Command: "EHLO", Code: 421, Text: "4.7.0 too many"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, "anna", "bo", "cy")
			s.host.answers["bo"] = answer
			d, got := s.run(t)
			if got[0] != fine || !strings.HasPrefix(got[1], "imap=locked_out pop3=not_tried") || !strings.HasPrefix(got[2], "imap=not_tried") ||
				d.Stopped == "" || slices.Contains(s.host.offered, "imap cy") {
				t.Errorf("%s: %q, offered %q, %q", name, got, s.host.offered, d.Stopped)
			}
		})
	}
}

// A host that falls silent after a refusal has probably shut us out; one that was never there is only not there.
func TestRun_silence(t *testing.T) {
	t.Parallel()
	gone := &rehome.Fault{Op: "connect", Cause: errors.New("connection refused"), Hint: "look"}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna", "bo", "cy")
		s.host.answers["anna"] = refusal("", "no")
		s.host.answers["bo"] = gone
		if d, _ := s.run(t); d.Stopped == "" || slices.Contains(s.host.offered, "imap cy") {
			t.Errorf("offered %q, stopped %q", s.host.offered, d.Stopped)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna", "bo", "cy")
		s.host.answers["pop3"] = gone
		d, got := s.run(t)
		if want := strings.Replace(fine, "pop3=accepted", "pop3=not_tried", 1); d.Stopped != "" || got[1] != want ||
			!strings.Contains(got[0], "pop3=unreachable") || slices.Contains(s.host.offered, "pop3 bo") {
			t.Errorf("got %q, offered %q", got, s.host.offered)
		}
	})
}

func TestRun_probeIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	for _, files := range [][]string{{"Junk"}, {"Filed"}, {"INBOX", "Filed"}} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, "anna")
			s.host.files = files
			d, got := s.run(t)
			if got[0] != fine || s.host.removed != len(files) || d.Accounts[0].Probe.Place != files[0] || d.Accounts[0].Probe.Junk != (files[0] == "Junk") ||
				(len(d.Findings) == 1) != (files[0] == "Junk") {
				t.Errorf("%q: %q, %+v, %+v", files, got, d.Accounts[0].Probe, d.Findings)
			}
		})
	}
}

func TestRun_probeThatIsLateIsNeverThereTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna")
		s.host.files = nil
		began := time.Now()
		d, _ := s.run(t)
		if p := d.Accounts[0].Probe; p.State != ProbeSent || d.Findings[0].Code != "probe_missing" || time.Since(began) > 2*time.Minute {
			t.Errorf("%+v, %+v, %v", p, d.Findings, time.Since(began))
		}
		s.run(t)
		if len(s.ledger.probes) != 1 {
			t.Errorf("another one was sent: %+v", s.ledger.probes)
		}
		s.host.boxes["anna@example.test"]["Filed"] = []string{s.ledger.probes[0].MessageID}
		if _, got := s.run(t); got[0] != fine || s.host.removed != 1 || len(s.ledger.probes) != 1 {
			t.Errorf("%q, %+v", got, s.ledger.probes)
		}
	})
}

func TestRun_probeOfWhichNobodyKnowsIsLookedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna")
		s.host.sendErr = &submission.UncertainError{Err: errors.New("EOF")}
		if _, got := s.run(t); !strings.HasSuffix(got[0], "probe=sending") {
			t.Errorf("%q", got)
		}
		s.host.sendErr = nil
		s.run(t)
		if len(s.ledger.probes) != 1 || len(s.said) != 1 {
			t.Errorf("another one was sent: %+v", s.ledger.probes)
		}
	})
}

func TestRun_probeIsNotSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*stage){
		"because the mail is forwarded":    func(s *stage) { s.people[0].Forwards = true },
		"because the rules send something": func(s *stage) { s.host.script = "redirect \"x@example.org\";" },
		"because nobody can remove it":     func(s *stage) { s.host.answers["imap"] = refusal("UNAVAILABLE", "later") },
		"as asked for":                     func(s *stage) { s.o.NoProbe = true },
		"because it is refused": func(s *stage) {
			s.host.sendErr = &submission.StatusError{Command: "MAIL", Code: 553, Enhanced: "5.7.1", Text: "not yours"}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, "anna")
			change(s)
			d, _ := s.run(t)
			if p := d.Accounts[0].Probe; p == nil || p.State != ProbeSkipped && p.State != ProbeRefused || p.Sentence == "" || len(s.said) > 0 {
				t.Errorf("%s: %+v, %+v", name, p, s.said)
			}
		})
	}
}

func TestRun_probeThatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna")
		s.host.unable = true
		d, _ := s.run(t)
		if p := d.Accounts[0].Probe; p.State != ProbeFound || d.Findings[0].Code != "probe_left" {
			t.Errorf("%+v, %+v", p, d.Findings)
		}
		s.host.unable = false
		if _, got := s.run(t); got[0] != fine || s.host.removed != 1 {
			t.Errorf("%q, removed %d", got, s.host.removed)
		}
	})
}

// A run may be killed between the removal and its record.
func TestRun_probeThatIsGoneWasRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna")
		s.ledger.probes = []ledger.Probe{{MessageID: "<a@x>", Address: "anna@example.test", State: string(ProbeFound), Place: "INBOX", Sent: time.Now()}}
		if d, got := s.run(t); got[0] != fine || d.Outcome() != rehome.OutcomeDone || len(s.ledger.probes) != 1 {
			t.Errorf("%q, %+v", got, s.ledger.probes)
		}
	})
}

func TestRun_interruptedLeavesARecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "anna", "bo")
		ctx, cancel := context.WithCancel(t.Context())
		open := s.o.Doors[1].Open
		s.o.Doors[1].Open = func(ctx context.Context, account rehome.Account) (Entered, error) {
			cancel()
			return open(ctx, account)
		}
		d, err := Run(ctx, s.people, s.o)
		if !errors.Is(err, context.Canceled) || len(d.Accounts) != 1 || len(d.Accounts[0].Logins) != 2 {
			t.Fatalf("%v, %+v", err, d)
		}
		if last := s.ledger.attempts[1]; Result(last.Result) != Interrupted || !last.Failure {
			t.Errorf("%+v", last)
		}
		s.o.Doors[1].Open = open
		if _, got := s.run(t); got[0] != fine || s.host.offered[0] != "imap anna" {
			t.Errorf("later: %q, offered %q", got, s.host.offered)
		}
	})
}
