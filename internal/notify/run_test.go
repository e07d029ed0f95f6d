// SPDX-License-Identifier: Apache-2.0

package notify

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
	"rehome/internal/content/letter"
	"rehome/internal/ledger"
	"rehome/internal/protocol/submission"
)

// post is a server of the test's own making. It keeps what it has taken, even if it does not say so.
type post struct {
	taken   []string // recipients
	answers map[string]error
	connect error
	opened  int
	cut     map[string]string // recipient to where the run is killed: "before", "noted" or "after" the server has the message
}

var errKilled = errors.New("killed")

func (p *post) open(context.Context) (Sender, error) {
	p.opened++
	return p, p.connect
}

func (p *post) Close() {}

func (p *post) Send(_ context.Context, _, to string, message []byte, note func() error) (string, error) {
	if err := p.answers[to]; err != nil {
		var uncertain *submission.UncertainError
		if errors.As(err, &uncertain) {
			if err := note(); err != nil {
				return "", err
			}
		}
		return "", err
	}
	if p.cut[to] == "before" {
		panic(errKilled)
	}
	if err := note(); err != nil {
		return "", err
	}
	if p.cut[to] == "noted" {
		panic(errKilled)
	}
	if !strings.Contains(string(message), "To: <"+to+">") {
		return "", errors.New("a message to somebody else")
	}
	p.taken = append(p.taken, to)
	if p.cut[to] == "after" {
		panic(errKilled)
	}
	return "2.0.0 queued", nil
}

type stage struct {
	*post
	t      *testing.T
	ledger *memory
	people []Person
	text   string // of all messages
}

func envelope() letter.Envelope {
	return letter.Envelope{From: letter.Address{Name: "IT", Address: "it@x.example"}}
}

func set(t *testing.T, addresses ...string) *stage {
	t.Helper()
	s := &stage{t: t, ledger: &memory{}, post: &post{answers: map[string]error{}, cut: map[string]string{}}, text: "hello"}
	for _, address := range addresses {
		s.people = append(s.people, Person{Address: address, Kind: "before", Make: func() (letter.Letter, error) {
			return letter.Letter{To: letter.Address{Address: address}, Language: "en", Subject: "s", Text: []byte(s.text), HTML: []byte("<p>")}, nil
		}})
	}
	return s
}

func (s *stage) preview() Document {
	s.t.Helper()
	d, err := Preview(s.t.Context(), s.people, envelope(), s.ledger, func(string, letter.Letter) error { return nil })
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// send runs once; a run that is killed returns an empty document.
func (s *stage) send(change ...func(*Options)) (d Document) {
	s.t.Helper()
	options := Options{Ledger: s.ledger, Envelope: envelope(), Open: s.open, PerMinute: 1e6, Now: time.Now}
	for _, c := range change {
		c(&options)
	}
	defer func() {
		if killed := recover(); killed != nil && killed != errKilled { //nolint:errorlint // what was thrown
			panic(killed)
		}
	}()
	d, err := Run(s.t.Context(), s.people, options)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func states(d Document) string {
	var all []string
	for _, r := range d.Results {
		all = append(all, string(r.State))
	}
	return strings.Join(all, " ")
}

func TestRun_sendsOnlyWhatWasShown(t *testing.T) {
	t.Parallel()
	s := set(t, "a@x.example", "b@x.example")
	if d := s.send(); states(d) != "not_previewed not_previewed" || len(s.taken) > 0 || d.Outcome() != rehome.OutcomeWaiting {
		t.Errorf("nobody was shown anything: got %s, %v", states(d), s.taken)
	}
	if d := s.preview(); states(d) != "ready ready" || len(s.taken) > 0 || d.Outcome() != rehome.OutcomeDone {
		t.Errorf("a preview: got %s, %v", states(d), s.taken)
	}
	s.text = "something else"
	if d := s.send(); states(d) != "changed changed" || len(s.taken) > 0 || !strings.Contains(d.Results[0].NextStep, "without --send") {
		t.Errorf("changed since: got %s, %v", states(d), s.taken)
	}
	s.preview()
	if d := s.send(); states(d) != "sent sent" || len(s.taken) != 2 || d.Outcome() != rehome.OutcomeDone || !d.Results[0].Now {
		t.Errorf("got %s, %v", states(d), s.taken)
	}
	s.text = "changed again"
	if d := s.send(); states(d) != "sent sent" || len(s.taken) != 2 || d.Results[0].Now || d.Outcome() != rehome.OutcomeDone {
		t.Errorf("twice: got %s, %v", states(d), s.taken)
	}
	if d := s.send(func(o *Options) { o.Again = true }); len(s.taken) != 2 {
		t.Errorf("again, and nobody has looked: got %s, %v", states(d), s.taken)
	}
	s.preview()
	if d := s.send(func(o *Options) { o.Again = true }); states(d) != "sent sent" || len(s.taken) != 4 {
		t.Errorf("again: got %s, %v", states(d), s.taken)
	}
}

// Wherever a run is killed: nobody gets the message twice, nobody is left out without being named, and what the ledger calls
// unknown is exactly what may have been taken.
func TestRun_killedAnywhere(t *testing.T) {
	t.Parallel()
	for where, unknown := range map[string]bool{"before": false, "noted": true, "after": true} {
		for at := range 3 {
			s := set(t, "a@x.example", "b@x.example", "c@x.example")
			s.preview()
			victim := s.people[at].Address
			s.cut[victim] = where
			s.send()
			s.cut = nil
			d := s.send()
			wantTaken := []string{"a@x.example", "b@x.example", "c@x.example"}
			if state := d.Results[at].State; (state == Unknown) != unknown || unknown && (d.Outcome() != rehome.OutcomeWaiting ||
				!strings.Contains(d.Results[at].NextStep, d.Results[at].MessageID) || d.Results[at].MessageID == "") {
				t.Fatalf("%s, %d: got %+v", where, at, d.Results[at])
			}
			if unknown { // somebody looks
				var err error
				if slices.Contains(s.taken, victim) {
					err = Settle(t.Context(), s.ledger, []string{victim}, nil)
				} else {
					err = Settle(t.Context(), s.ledger, nil, []string{victim})
				}
				if err != nil {
					t.Fatal(err)
				}
				d = s.send()
			}
			slices.Sort(s.taken)
			if !slices.Equal(s.taken, wantTaken) || states(d) != "sent sent sent" || d.Outcome() != rehome.OutcomeDone {
				t.Errorf("%s, %d: got %s, taken %v", where, at, states(d), s.taken)
			}
		}
	}
}

func TestRun_refusalsAreKeptInTheServersWords(t *testing.T) {
	t.Parallel()
	s := set(t, "a@x.example", "b@x.example", "c@x.example", "d@x.example")
	s.preview()
	s.answers["a@x.example"] = &submission.StatusError{Command: "RCPT", Code: 550, Enhanced: "5.1.1", Text: "unknown user"}
	s.answers["b@x.example"] = &submission.StatusError{Command: "RCPT", Code: 452, Enhanced: "4.2.2", Text: "over quota"}
	s.answers["c@x.example"] = &submission.UncertainError{Err: errors.New("EOF")}
	d := s.send()
	if states(d) != "refused deferred unknown sent" || d.Results[0].Words != "RCPT: 550 5.1.1 unknown user" ||
		d.Results[0].Who != "the administrator of x.example" ||
		d.Outcome() != rehome.OutcomeWaiting || d.Stopped != "" {
		t.Errorf("got %+v", d)
	}
	s.answers = nil
	if d = s.send(); states(d) != "refused sent unknown sent" || slices.Contains(s.taken, "a@x.example") || slices.Contains(s.taken, "c@x.example") {
		t.Errorf("got %s, %v", states(d), s.taken)
	}
	if d = s.send(func(o *Options) { o.Refused = true }); states(d) != "sent sent unknown sent" || len(s.taken) != 3 {
		t.Errorf("got %s, %v", states(d), s.taken)
	}
}

// A server that takes nothing is not asked for ever, and a sender that it does not let in is one clear error.
func TestRun_stopsWhereNothingIsTaken(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 9 {
		all = append(all, fmt.Sprintf("%d@x.example", i))
	}
	s := set(t, all...)
	s.preview()
	for _, address := range all {
		s.answers[address] = &submission.StatusError{Command: "RCPT", Code: 450, Enhanced: "4.7.1", Text: "too many"}
	}
	d := s.send()
	if d.Count(Deferred) != inARow || d.Count(NotTried) != 9-inARow || d.Outcome() != rehome.OutcomeRemaining || d.Stopped == "" || d.Hint() == "" {
		t.Errorf("got %+v", d)
	}
	for _, address := range all {
		s.answers[address] = &submission.StatusError{Command: "MAIL", Code: 553, Enhanced: "5.7.1", Text: "not owned by user"}
	}
	d = s.send()
	if d.Count(NotTried) != 8 || d.Outcome() != rehome.OutcomeWaiting || !strings.Contains(d.Stopped, "not owned by user") {
		t.Errorf("got %s, %v, %s", states(d), d.Outcome(), d.Stopped)
	}
	s.connect = &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect to", Object: "x:465", Cause: errors.New("refused")}
	if d = s.send(); d.Count(NotTried) != 9 || d.Outcome() != rehome.OutcomeUnreachable {
		t.Errorf("got %s, %v", states(d), d.Outcome())
	}
	s.connect, s.answers = nil, nil
	if d = s.send(); d.Count(Sent) != 9 || len(s.taken) != 9 {
		t.Errorf("got %s", states(d))
	}
}

func TestRun_keepsThePace(t *testing.T) {
	t.Parallel()
	s := set(t, "a@x.example", "b@x.example", "c@x.example")
	s.preview()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d, err := Run(t.Context(), s.people, Options{Ledger: s.ledger, Envelope: envelope(), Open: s.open, PerMinute: 30, Now: time.Now})
		if took := time.Since(began); err != nil || d.Count(Sent) != 3 || took != 4*time.Second {
			t.Errorf("got %s after %s, %v", states(d), took, err)
		}
	})
}

// memory is a ledger without a disk, which keeps to the contract of ledgertest.
type memory struct{ all []ledger.Notice }

func (m *memory) find(address, kind string) *ledger.Notice {
	for i := range m.all {
		if m.all[i].Address == address && m.all[i].Kind == kind {
			return &m.all[i]
		}
	}
	return nil
}

func (m *memory) Preview(_ context.Context, notices []ledger.Notice) error {
	for _, n := range notices {
		if old := m.find(n.Address, n.Kind); old != nil {
			old.Digest = n.Digest
			continue
		}
		m.all = append(m.all, ledger.Notice{Address: n.Address, Kind: n.Kind, Digest: n.Digest, State: ledger.NoticePreviewed})
	}
	return nil
}

func (m *memory) All(context.Context) ([]ledger.Notice, error) { return slices.Clone(m.all), nil }

func (m *memory) Move(_ context.Context, was ledger.NoticeState, n ledger.Notice) error {
	old := m.find(n.Address, n.Kind)
	if old == nil || old.State != was {
		return ledger.ErrNoticeMoved
	}
	old.State, old.MessageID, old.Words = n.State, n.MessageID, n.Words
	return nil
}

func TestRun_manyMessagesTakeNewConnections(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range perConnection + 1 {
		all = append(all, fmt.Sprintf("%d@x.example", i))
	}
	s := set(t, all...)
	s.preview()
	if s.send(); s.opened != 2 || len(s.taken) != perConnection+1 {
		t.Errorf("got %d connections, %d messages", s.opened, len(s.taken))
	}
}

func TestRun_cancelled(t *testing.T) {
	t.Parallel()
	s := set(t, "a@x.example", "b@x.example")
	s.preview()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := Run(ctx, s.people, Options{Ledger: s.ledger, Envelope: envelope(), Open: s.open, PerMinute: 1e6, Now: time.Now,
		Begins: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) || states(d) != "sent not_tried" {
		t.Errorf("what is under way is finished, and nothing more is begun: got %s, %v", states(d), err)
	}
}

// What cannot be noted of a message that was taken is unknown from then on, and nothing more is sent; a log that cannot be written
// changes nothing about the message.
func TestRun_ledgerThatFails(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	s := set(t, "a@x.example", "b@x.example")
	s.preview()
	d, err := Run(t.Context(), s.people, Options{Ledger: &failing{s.ledger, ledger.NoticeSent, full}, Envelope: envelope(), Open: s.open, PerMinute: 1e6,
		Now: time.Now})
	if err != nil || states(d) != "unknown not_tried" || len(s.taken) != 1 || !strings.Contains(d.Stopped, "disk full") {
		t.Errorf("got %s, %v, %v, %q", states(d), err, s.taken, d.Stopped)
	}
	if d = s.send(); states(d) != "unknown sent" {
		t.Errorf("got %s", states(d))
	}
	s = set(t, "a@x.example", "b@x.example")
	s.preview()
	d, err = Run(t.Context(), s.people, Options{Ledger: &failing{s.ledger, ledger.NoticeCommitting, full}, Envelope: envelope(), Open: s.open,
		PerMinute: 1e6, Now: time.Now})
	if err != nil || len(s.taken) != 0 || d.Count(Unknown) != 0 {
		t.Errorf("without a note nothing is taken: got %s, %v, %v", states(d), err, s.taken)
	}
	d = s.send(func(o *Options) { o.Changed = func(context.Context, ledger.Notice) error { return full } })
	if states(d) != "sent not_tried" || !strings.Contains(d.Stopped, "disk full") {
		t.Errorf("got %s, %q", states(d), d.Stopped)
	}
}

// failing is a ledger that cannot be written when a notice comes into one state.
type failing struct {
	*memory
	at  ledger.NoticeState
	err error
}

func (f *failing) Move(ctx context.Context, was ledger.NoticeState, n ledger.Notice) error {
	if n.State == f.at {
		return f.err
	}
	return f.memory.Move(ctx, was, n)
}

func TestSettle_onlyWhatIsUnknown(t *testing.T) {
	t.Parallel()
	s := set(t, "a@x.example")
	s.preview()
	if err := Settle(t.Context(), s.ledger, []string{"a@x.example"}, nil); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("got %v", err)
	}
}
