// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dav"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/dovecot"
)

// Every connection counts, whatever it is for: while one service has the only place, the others wait for it.
func TestHost_countsAllServicesTogether(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	host := NewHost(HostSettings{Side: rehome.Source, Connections: 1})
	mail := NewIMAP(Settings{Host: host, Address: server.IMAP, Security: protocol.NoTLS, Timeout: waitingTime})
	rules := NewSieve(ServiceSettings{Host: host, Address: server.Sieve, Security: protocol.NoTLS, Timeout: waitingTime})
	objects := NewDAV(DAVSettings{Host: host})
	wantFull := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, mailErr := mail.Visit(ctx)
		_, rulesErr := rules.Open(ctx, anna())
		_, reachErr := rules.Reach(ctx)
		objectsErr := objects.requests.do(ctx, func() error { return nil })
		for name, err := range map[string]error{"IMAP": mailErr, "ManageSieve": rulesErr, "a look at ManageSieve": reachErr, "DAV": objectsErr} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s beside %s: %v, want it to wait", name, what, err)
			}
		}
	}
	session := must(t, mail, anna())
	wantFull("a session of IMAP")
	session.Close()
	scripts, err := rules.Open(within(t), anna())
	if err != nil {
		t.Fatal(err)
	}
	wantFull("a session of ManageSieve")
	scripts.Close()
	scripts.Close()
	err = objects.requests.once(within(t), func() error {
		wantFull("a request")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n := host.gate.taken(); n != 0 {
		t.Errorf("%d places are taken by nobody", n)
	}
}

// Both ends ask to go slower while accounts want connections to both: then fewer places are there than accounts, and nobody
// may hold one end and wait for the other while somebody else does the reverse.
func TestReserve_bothEndsSlowedWhileAllWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src, dst := NewIMAP(Settings{}), NewIMAP(Settings{})
		src.patience.slow(usualPause, "too fast")
		dst.patience.slow(usualPause, "too fast")
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				from, err := src.Reserve(t.Context(), anna())
				if err != nil {
					t.Error(err)
					return
				}
				defer from.Free()
				to, err := dst.Reserve(t.Context(), anna())
				if err != nil {
					t.Error(err)
					return
				}
				defer to.Free()
				time.Sleep(time.Second)
			})
		}
		all.Wait()
		wantFree(t, src)
		wantFree(t, dst)
	})
}

// slowHost lets a burst through, and then next to nothing: what is paid shows in the tokens that are left.
func slowHost() *Host { return NewHost(HostSettings{Side: rehome.Source, BytesPerSecond: 1}) }

// wantPaid proves that about so many octets were paid since before.
func wantPaid(t *testing.T, h *Host, before float64, octets int, what string) {
	t.Helper()
	const dribble = 100 // what has come in meanwhile, at an octet a second
	if paid := before - h.pace.Tokens(); paid > float64(octets) || paid < float64(octets-dribble) {
		t.Errorf("%s: %.0f octets were paid, want %d", what, paid, octets)
	}
}

func TestHost_isPaidForMessages(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	settings := plain(server.IMAP)
	settings.Host = slowHost()
	session := must(t, NewIMAP(settings), anna())
	text := "Subject: x\r\n\r\n" + strings.Repeat("x", 20_000) + "\r\n"
	command, err := session.Append(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Message(within(t), nil, time.Now(), int64(len(text)), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := command.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	opening, err := session.ExamineAhead(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func(imap.UIDSet, imap.FetchItems, imap.FetchHandler) (*imap.FetchCommand, error){
		"a message": func(uids imap.UIDSet, items imap.FetchItems, handler imap.FetchHandler) (*imap.FetchCommand, error) {
			_, _ = opening.Wait(within(t)) // what is refused shows below
			return session.Fetch(within(t), uids, items, handler)
		},
		"one that is asked for with the opening": func(uids imap.UIDSet, items imap.FetchItems, handler imap.FetchHandler) (*imap.FetchCommand, error) {
			return session.FetchAhead(within(t), opening, uids, items, handler)
		},
	} {
		before, read := settings.Host.pace.Tokens(), bytes.Buffer{}
		fetch, err := ask(imap.NewUIDSet(1), imap.FetchItems{Body: true}, imap.FetchHandler{
			Literal: func(l *imap.Literal) error {
				_, err := io.Copy(&read, l)
				return err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := fetch.Wait(within(t)); err != nil || read.String() != text {
			t.Errorf("%s: %v, read %d octets, want %d", name, err, read.Len(), len(text))
		}
		wantPaid(t, settings.Host, before, len(text), name)
	}
}

func TestHost_isPaidForObjects(t *testing.T) {
	t.Parallel()
	_, settings := davSource(t, atmail7.Options{})
	settings.Host = slowHost()
	h := NewDAV(settings)
	defer h.Close()
	someone := anna()
	someone.SourcePassword = rehome.NewSecret("geheim")
	session, err := h.Open(within(t), someone)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	all, err := session.Collections(within(t), dav.AddressBooks)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	card := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;A;;;\r\nFN:A\r\nNOTE:" + strings.Repeat("x", 5000) + "\r\nEND:VCARD\r\n")
	item := dav.Item{Href: all[0].Href + "u.vcf", Size: int64(len(card))}
	ignore := func(dav.Object) error { return nil }
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"Put", func() error {
			_, err := session.Put(within(t), item.Href, dav.Upload{Data: card, Kind: dav.AddressBooks})
			return err
		}},
		{"Get", func() error { _, err := session.Get(within(t), item.Href, dav.AddressBooks); return err }},
		{"Read", func() error { return session.Read(within(t), &all[0], []dav.Item{item}, ignore) }},
		{"Fetch", func() error { return session.Fetch(within(t), &all[0], []dav.Item{item}, ignore) }},
	} {
		before := settings.Host.pace.Tokens()
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		wantPaid(t, settings.Host, before, len(card), step.name)
	}
}

func TestHost_isPaidForScripts(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	host := slowHost()
	session, err := NewSieve(ServiceSettings{Host: host, Address: server.Sieve, Security: protocol.NoTLS}).Open(within(t), anna())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	text := "# " + strings.Repeat("x", 5000) + "\r\nkeep;\r\n"
	before := host.pace.Tokens()
	if err := session.PutScript(within(t), "main", text); err != nil {
		t.Fatal(err)
	}
	wantPaid(t, host, before, len(text), "PutScript")
	before = host.pace.Tokens()
	if got, err := session.GetScript(within(t), "main"); err != nil || got != text {
		t.Errorf("%d octets, %v; want %d", len(got), err, len(text))
	}
	wantPaid(t, host, before, len(text), "GetScript")
}

// However many pieces it comes in, it takes its time; and whoever is asked to stop does not wait for it.
func TestHost_pace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host, begun := NewHost(HostSettings{BytesPerSecond: 10 << 10}), time.Now()
		const octets = paceBurst + 100<<10
		if _, err := io.Copy(io.Discard, &paced{ctx: t.Context(), from: strings.NewReader(strings.Repeat("x", octets)), host: host}); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun).Round(time.Second); took != 10*time.Second {
			t.Errorf("100 KiB behind the first burst took %v, want 10s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := host.pay(ctx, 3*paceBurst); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	})
}

// Each service has its say; what one no longer asks for does not make the other's words forgotten.
func TestHost_hearsAllServices(t *testing.T) {
	t.Parallel()
	var said []string
	h := NewHost(HostSettings{Slowed: func(sentence string) { said = append(said, sentence) }})
	for _, c := range []complaint{{"IMAP", "a"}, {"DAV", "b"}, {"DAV", "c"}, {"DAV", ""}, {"IMAP", ""}} {
		h.hear(c.service, c.sentence)
	}
	if want := []string{"a", "b", "c", "a", ""}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
