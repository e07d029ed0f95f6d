// SPDX-License-Identifier: Apache-2.0

package probemail

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/submission"
)

const account = "probe@a.test"

// memory is a ledger.
type memory struct{ rows []ledger.ProbeMail }

func (m *memory) Intend(_ context.Context, p ledger.ProbeMail) error {
	p.Sent = time.Now()
	m.rows = append(m.rows, p)
	return nil
}

func (m *memory) Save(_ context.Context, p ledger.ProbeMail) error {
	for i := range m.rows {
		if m.rows[i].MessageID == p.MessageID {
			m.rows[i] = p
		}
	}
	return nil
}

func (m *memory) All(context.Context) ([]ledger.ProbeMail, error) { return slices.Clone(m.rows), nil }

// world is all that a message meets.
type world struct {
	memory
	hosts   []Host
	answers map[string][]error        // of a mail host, by name, one an attempt; the last one holds; nil takes the message
	routes  map[string]rehome.Side    // where what a host takes lands; none loses it
	delay   time.Duration             // of the delivery
	junk    bool                      // it lands in that for spam
	closed  map[rehome.Side]error     // why an end cannot be opened
	asked   []string                  // hosts, in order
	landed  map[rehome.Side]time.Time // when it is there
	texts   []string
	changes []string
	removed int
}

func newWorld(names ...string) *world {
	w := &world{answers: map[string][]error{}, routes: map[string]rehome.Side{}, closed: map[rehome.Side]error{}, landed: map[rehome.Side]time.Time{}}
	for i, name := range names {
		w.hosts = append(w.hosts, Host{Name: name, Addresses: []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 25)}})
		w.routes[name] = rehome.Destination
	}
	return w
}

// taker is a connection to a host.
type taker struct {
	*world
	name string
}

func (t *taker) Close() {}

func (t *taker) Send(_ context.Context, from, to string, message []byte) (string, error) {
	t.asked = append(t.asked, t.name)
	t.texts = append(t.texts, from+" "+to+"\n"+string(message))
	var err error
	if queue := t.answers[t.name]; len(queue) > 0 {
		err = queue[0]
		if len(queue) > 1 {
			t.answers[t.name] = queue[1:]
		}
	}
	var uncertain *submission.UncertainError
	if side, ok := t.routes[t.name]; ok && (err == nil || errors.As(err, &uncertain)) {
		t.landed[side] = time.Now().Add(t.delay)
	}
	return "250 queued", err
}

// box is an account at an end.
type box struct {
	*world
	side rehome.Side
}

func (b *box) Close() {}

func (b *box) Find(context.Context, string, string) ([]Place, error) {
	at, ok := b.landed[b.side]
	if !ok || time.Now().Before(at) {
		return nil, nil
	}
	if b.junk {
		return []Place{{Name: "Spam", Junk: true}}, nil
	}
	return []Place{{Name: "INBOX"}}, nil
}

func (b *box) Remove(context.Context, string, string) error {
	if b.side == rehome.Source {
		return errors.New("the source is never written")
	}
	b.removed++
	delete(b.landed, b.side)
	return nil
}

func (w *world) open(side rehome.Side) func(context.Context, string) (Mailbox, error) {
	return func(context.Context, string) (Mailbox, error) {
		if err := w.closed[side]; err != nil {
			return nil, err
		}
		return &box{w, side}, nil
	}
}

func (w *world) options() Options {
	return Options{
		Hosts: func(context.Context, string) ([]Host, error) { return w.hosts, nil },
		Dial: func(_ context.Context, host Host, _ netip.AddrPort) (Taker, error) {
			return &taker{w, host.Name}, nil
		},
		Submit: func(context.Context, string) (Taker, error) { return &taker{w, "submission"}, nil },
		Source: w.open(rehome.Source), Destination: w.open(rehome.Destination), Ledger: w,
		Sender: "mover@out.test", Wait: 5 * time.Minute,
		Changed: func(_ context.Context, c Change) error { w.changes = append(w.changes, c.Action); return nil },
	}
}

func (w *world) send(t *testing.T, way Way) Result {
	t.Helper()
	r, err := Send(t.Context(), Message{Way: way, Domain: "a.test", Account: account}, w.options())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	later    = &submission.StatusError{Command: "RCPT", Code: 450, Enhanced: "4.2.0", Text: "greylisted, come back"}
	never    = &submission.StatusError{Command: "RCPT", Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	nobodyIs = &submission.UncertainError{Err: errors.New("connection reset")}
)

func TestSend_whatBecomesOfAMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(w *world)
		state State
		words string // of the sentence
		asked string
	}{
		"arrives": {func(*world) {}, Arrived, "has arrived in INBOX", "mx1"},
		"greylisting is waited for": {
			func(w *world) { w.answers["mx1"] = []error{later, later, nil}; w.hosts = w.hosts[:1] },
			Arrived, "arrived", "mx1 mx1 mx1"},
		"the second host takes it":      {func(w *world) { w.answers["mx1"] = []error{later} }, Arrived, "arrived", "mx1 mx2"},
		"refused in the server's words": {func(w *world) { w.answers["mx1"] = []error{never} }, Refused, "550 5.1.1 no such user", "mx1"},
		"never let in": {
			func(w *world) { w.answers["mx1"] = []error{later}; w.hosts = w.hosts[:1] },
			Delayed, "greylisted, come back", ""},
		"nobody knows, and it has come": {func(w *world) { w.answers["mx1"] = []error{nobodyIs} }, Arrived, "arrived", "mx1"},
		"nobody knows, and it is away": {
			func(w *world) { w.answers["mx1"] = []error{nobodyIs}; delete(w.routes, "mx1") },
			Missing, "at neither end", "mx1"},
		"the old server gets it":         {func(w *world) { w.routes["mx1"] = rehome.Source }, AtSource, "landed at the old server, in INBOX; mx1", "mx1"},
		"lost":                           {func(w *world) { delete(w.routes, "mx1") }, Missing, "at neither end", "mx1"},
		"late":                           {func(w *world) { w.delay = 4 * time.Minute }, Arrived, "arrived", "mx1"},
		"taken for spam":                 {func(w *world) { w.junk = true }, Spam, "is for spam", "mx1"},
		"the destination cannot be seen": {func(w *world) { w.closed[rehome.Destination] = errors.New("is down") }, Unseen, "is down", "mx1"},
		"the source cannot be seen":      {func(w *world) { w.closed[rehome.Source] = errors.New("is down") }, Arrived, "arrived", "mx1"},
		"no mail host":                   {func(w *world) { w.hosts = nil }, Refused, "DNS names no mail host", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld("mx1", "mx2")
			c.set(w)
			r := w.send(t, Inward)
			asked := strings.Join(w.asked, " ")
			if r.State != c.state || !strings.Contains(r.Sentence, c.words) || c.asked != "" && asked != c.asked {
				t.Errorf("%s: got %s, asked %q, %q; want %s, %q, %q", name, r.State, asked, r.Sentence, c.state, c.asked, c.words)
			}
			if (r.NextStep == "") != r.Passed() {
				t.Errorf("%s: passed %v, next step %q", name, r.Passed(), r.NextStep)
			}
			if (w.removed == 1) != (c.state == Arrived || c.state == Spam) {
				t.Errorf("%s: removed %d times", name, w.removed)
			}
			if stored := State(w.rows[0].State); stored != c.state || len(w.rows) != 1 {
				t.Errorf("%s: the ledger says %s", name, stored)
			}
		})
	}
}

func TestSend_outwardByTheAccountItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.routes["submission"] = rehome.Destination
		r := w.send(t, Outward)
		if !r.Passed() || !strings.HasPrefix(w.texts[0], account+" "+account+"\nFrom: <"+account+">") {
			t.Errorf("got %+v\n%s", r, w.texts)
		}
		if got := strings.Join(w.changes, ", "); got != ActionSent+", "+ActionRemoved {
			t.Errorf("audit: %s", got)
		}
	})
}

// A way that is proved is not tried again, and one that is not is tried at most once a minute.
func TestSend_provesAWayOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("mx1")
		w.answers["mx1"] = []error{never}
		began := time.Now()
		for range 3 {
			if r := w.send(t, Inward); r.State != Refused {
				t.Errorf("got %+v", r)
			}
		}
		if took := time.Since(began); took < 2*betweenMessages || len(w.asked) != 3 {
			t.Errorf("three messages in %s", took)
		}
		w.answers["mx1"] = nil
		for range 3 {
			if r := w.send(t, Inward); !r.Passed() || r.NextStep != "" {
				t.Errorf("got %+v", r)
			}
		}
		if len(w.asked) != 4 {
			t.Errorf("sent %d more, want 1", len(w.asked)-3)
		}
		r, err := Send(t.Context(), Message{Way: Inward, Domain: "a.test", Account: account, Since: time.Now().Add(time.Second)}, w.options())
		if err != nil || !r.Passed() || len(w.asked) != 5 {
			t.Errorf("after a later switch: %+v, %v, sent %d", r, err, len(w.asked)-4)
		}
	})
}

// A log-in that was refused is not tried again and again: a server would lock the account out.
func TestSend_asksARefusedAccountSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		options, logins := w.options(), 0
		options.Submit = func(context.Context, string) (Taker, error) {
			logins++
			return nil, &rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: account, Server: "535 no"}
		}
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(15 * time.Second) {
			r, err := Send(t.Context(), Message{Way: Outward, Domain: "a.test", Account: account}, options)
			if err != nil || r.State != NoLogin || !strings.Contains(r.Sentence, "535 no") || r.NextStep == "" {
				t.Fatalf("got %+v, %v", r, err)
			}
		}
		if logins > 3 {
			t.Errorf("%d log-ins within an hour", logins)
		}
	})
}

// A message of a run that was cut off is looked for before another one is sent, and none is sent while its time is not over.
func TestSend_looksForTheEarlierOneFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age    time.Duration
		state  State
		comes  bool
		sent   int
		result State
	}{
		"it has come":                   {time.Minute, Sending, true, 0, Arrived},
		"missed then, it has come":      {time.Hour, Missing, true, 0, Arrived},
		"its time is over":              {time.Hour, Taken, false, 1, Arrived},
		"its time runs, and it is lost": {time.Minute, Sending, false, 1, Arrived},
		"it was refused":                {time.Minute, Refused, false, 1, Arrived},
		"it was long ago":               {queueTime, Taken, true, 1, Arrived},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld("mx1")
			w.rows = []ledger.ProbeMail{{MessageID: "<old@a.test>", Way: string(Inward), Domain: "a.test", Account: account, State: string(c.state),
				Sent: time.Now().Add(-c.age)}}
			if c.comes {
				w.landed[rehome.Destination] = time.Now()
			}
			r := w.send(t, Inward)
			if len(w.asked) != c.sent || r.State != c.result || (r.MessageID == "<old@a.test>") != (c.sent == 0) {
				t.Errorf("%s: sent %d, got %+v", name, len(w.asked), r)
			}
		})
	}
}

func TestSend_cutOffLeavesTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("mx1")
		delete(w.routes, "mx1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := Send(ctx, Message{Way: Inward, Domain: "a.test", Account: account}, w.options())
		if !errors.Is(err, context.DeadlineExceeded) || State(w.rows[0].State) != Taken {
			t.Errorf("got %v, %+v", err, w.rows)
		}
	})
}
