// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

func TestOpen_waysOfSecurity(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server := start(t, l, dovecot.Options{})
	for _, test := range []struct {
		security protocol.Security
		address  string
		secured  bool
	}{{protocol.ImplicitTLS, server.IMAPS, true}, {protocol.StartTLS, server.IMAP, true}, {protocol.NoTLS, server.IMAP, false}} {
		for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
			h := NewIMAP(Settings{Host: NewHost(HostSettings{Side: side}), Address: test.address, Security: test.security, TLS: l.ClientTLS(""),
				Timeout: waitingTime})
			session := must(t, h, anna())
			wantWorks(t, session)
			if _, secured := session.TLS(); secured != test.secured || session.Account != anna().Address {
				t.Errorf("%s: TLS %v, want %v; account %s", test.security, secured, test.secured, session.Account)
			}
			session.Close()
			session.Close()
			wantFree(t, h)
			if _, err := session.Select(within(t), "INBOX"); err == nil {
				t.Errorf("%s: a closed session works", test.security)
			}
		}
	}
}

func TestOpen_usersOfEachSide(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	moved := rehome.Account{
		Address: "new@example.test", SourceUser: anna().Address, DestinationUser: bert().Address,
		SourcePassword: rehome.NewSecret(password), DestinationPassword: rehome.NewSecret(wrongPassword),
	}
	settings := plain(server.IMAP)
	wantWorks(t, must(t, NewIMAP(settings), moved))
	settings.Host = NewHost(HostSettings{Side: rehome.Destination})
	_, err := NewIMAP(settings).Open(within(t), moved)
	wantFault(t, err, rehome.ClassAuth, "log in at the destination as bert@example.test", "accounts.csv")
	if side := rehome.SideOf(err); side != rehome.Destination {
		t.Errorf("it is about the side %q", side)
	}
}

func TestOpen_masterUser(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{MasterUser: "mover", MasterPassword: masterPassword})
	for name, change := range map[string]func(*Settings){
		"usual separator": func(*Settings) {},
		"given separator": func(s *Settings) { s.MasterSeparator, s.MasterStyle = "*", MasterSeparator },
		"authzid":         func(s *Settings) { s.MasterStyle = MasterAuthzid },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := plain(server.IMAP)
			settings.MasterUser, settings.MasterPassword = "mover", rehome.NewSecret(masterPassword)
			change(&settings)
			nobody := rehome.Account{Address: "nobody@example.test"}
			withoutPassword := rehome.Account{Address: anna().Address}
			h := NewIMAP(settings)
			session := must(t, h, withoutPassword)
			wantWorks(t, session)
			session.Close()
			_, err := h.Open(within(t), nobody)
			wantFault(t, err, rehome.ClassAuth, "log in at the source as master user mover for nobody@example.test",
				"the master user's login works; check that this account exists")

			settings.MasterPassword = rehome.NewSecret(wrongPassword)
			_, err = NewIMAP(settings).Open(within(t), withoutPassword)
			wantFault(t, err, rehome.ClassAuth, "Authentication failed", "check source.imap.master_user and master_password")
			wantFree(t, h)
		})
	}
}

// Hosts lock out who tries a wrong password again and again.
func TestOpen_refusedLogInIsNotTriedTwice(t *testing.T) {
	t.Parallel()
	before := proxy(t, start(t, lab.Open(t), dovecot.Options{}).IMAP)
	h := NewIMAP(plain(before.Addr()))
	wrong := anna()
	wrong.SourcePassword = rehome.NewSecret(wrongPassword)
	for range 3 {
		_, err := h.Open(within(t), wrong)
		wantFault(t, err, rehome.ClassAuth, `server says "Authentication failed."`, "check the password in the roster")
		_, ok, err := tryOpen(t, h, wrong)
		wantFault(t, err, rehome.ClassAuth, "Authentication failed", "roster")
		if ok {
			t.Error("an extra one: ok with an error")
		}
	}
	if got := before.Counts().Connections; got != 1 {
		t.Errorf("%d connections, want the first only", got)
	}
	wantWorks(t, must(t, h, bert())) // nobody else is held back
}

func TestOpen_passingTroubleIsTriedAgain(t *testing.T) {
	t.Parallel()
	before := proxy(t, start(t, lab.Open(t), dovecot.Options{}).IMAP)
	before.Plan(func(number int) *faultproxy.Faults {
		switch number {
		case 1: // cut in the midst of the log-in
			return &faultproxy.Faults{ToServer: faultproxy.Fault{CutAfter: 30, End: faultproxy.RST}}
		case 2: // in the midst of the answer
			return &faultproxy.Faults{ToClient: faultproxy.Fault{CutAfter: 130, End: faultproxy.FIN}}
		}
		return nil
	})
	h := NewIMAP(plain(before.Addr()))
	for range 2 {
		_, err := h.Open(within(t), anna())
		wantFault(t, err, rehome.ClassTemporary, "", "")
		wantFree(t, h)
	}
	wantWorks(t, must(t, h, anna()))
}

func TestOpen_noPasswordKnown(t *testing.T) {
	t.Parallel()
	before := proxy(t, serve(t, "* OK ready"))
	for side, hint := range map[rehome.Side]string{rehome.Source: "set a master user", rehome.Destination: "rehome accounts export"} {
		settings := plain(before.Addr())
		settings.Host = NewHost(HostSettings{Side: side})
		h := NewIMAP(settings)
		_, err := h.Open(within(t), rehome.Account{Address: "anna@example.test"})
		wantFault(t, err, rehome.ClassAuth, "log in at the "+string(side)+" as anna@example.test: no password is known", hint)
		if got := rehome.SideOf(err); got != side {
			t.Errorf("it is about the side %q, not %q", got, side)
		}
		wantFree(t, h)
	}
	if got := before.Counts().Connections; got != 0 {
		t.Errorf("%d connections, want none", got)
	}
}

func TestOpen_limitOfTheHost(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	settings := plain(server.IMAP)
	settings.Host = NewHost(HostSettings{Connections: 2})
	h := NewIMAP(settings)
	first, second := must(t, h, anna()), must(t, h, bert())
	if session, ok, err := tryOpen(t, h, anna()); session != nil || ok || err != nil {
		t.Errorf("a third: %v %v %v, want no room", session, ok, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Open(ctx, anna()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while waiting: %v, want %v", err, context.DeadlineExceeded)
	}
	opened := make(chan error, 1)
	go func() {
		session, err := h.Open(within(t), anna())
		if err == nil {
			session.Close()
		}
		opened <- err
	}()
	second.Close()
	if err := <-opened; err != nil {
		t.Errorf("after one was closed: %v", err)
	}
	first.Close()
	wantFree(t, h)
}

// tryOpen opens an extra session if the limits leave room.
func tryOpen(t *testing.T, h *IMAP, account rehome.Account) (session *Session, ok bool, err error) {
	t.Helper()
	place := h.TryReserve(account)
	if place == nil {
		return nil, false, nil
	}
	session, err = place.Open(within(t))
	return session, err == nil, err
}

func TestTryReserve_limitOfTheAccount(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	settings := plain(server.IMAP)
	settings.PerAccount = 2
	h := NewIMAP(settings)
	got := h.Settings()
	if got.Host.Settings().Connections != 8 || got.PerAccount != 2 || got.MasterSeparator != "*" || NewIMAP(plain("")).Settings().PerAccount != 8 {
		t.Errorf("defaults %+v", got)
	}
	must(t, h, anna())
	extra, ok, err := tryOpen(t, h, anna())
	if !ok || err != nil {
		t.Fatalf("a second: %v %v", ok, err)
	}
	wantWorks(t, extra)
	if _, ok, err := tryOpen(t, h, anna()); ok || err != nil {
		t.Errorf("a third: %v %v, want no room", ok, err)
	}
	other, ok, err := tryOpen(t, h, bert())
	if !ok || err != nil {
		t.Fatalf("another account: %v %v", ok, err)
	}
	other.Close()
	extra.Close()
	if again, ok, err := tryOpen(t, h, anna()); !ok || err != nil {
		t.Errorf("after one was closed: %v %v", ok, err)
	} else {
		again.Close()
	}
}

func TestOpen_manyAtOnceWithinTheLimits(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	settings := plain(server.IMAP)
	settings.Host, settings.PerAccount = NewHost(HostSettings{Connections: 3}), 2
	h := NewIMAP(settings)
	var open, most atomic.Int64
	use := func(session *Session) {
		now := open.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		wantWorks(t, session)
		open.Add(-1)
		session.Close()
	}
	wrong := account("wrong@example.test")
	accounts := []rehome.Account{anna(), bert(), wrong, {Address: "unknown@example.test"}}
	var work sync.WaitGroup
	for i := range 40 {
		work.Go(func() {
			a := accounts[i%len(accounts)]
			session, err := h.Open(within(t), a)
			if err != nil {
				if i%len(accounts) < 2 {
					t.Errorf("%s: %v", a.Address, err)
				}
				return
			}
			if extra, ok, err := tryOpen(t, h, a); err != nil {
				t.Errorf("%s, extra: %v", a.Address, err)
			} else if ok {
				use(extra)
			}
			use(session)
		})
	}
	work.Wait()
	wantFree(t, h)
	if most.Load() > 3 {
		t.Errorf("%d sessions at once, want 3 at most", most.Load())
	}
}

// However a session ends, its slot comes back, and soon.
func TestClose_givesTheSlotBack(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	for name, trouble := range map[string]func(*faultproxy.Proxy, *Session){
		"closed by hand": func(_ *faultproxy.Proxy, s *Session) { _ = s.Client.Close() },
		"reset":          func(p *faultproxy.Proxy, _ *Session) { p.Cut(faultproxy.RST) },
		"hung up":        func(p *faultproxy.Proxy, _ *Session) { p.Cut(faultproxy.FIN) },
		"silent":         func(p *faultproxy.Proxy, _ *Session) { p.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := proxy(t, server.IMAP)
			h := NewIMAP(plain(before.Addr()))
			session := must(t, h, anna())
			trouble(before, session)
			begin := time.Now()
			session.Close()
			wantFree(t, h)
			if took := time.Since(begin); took > logoutTimeout+2*time.Second {
				t.Errorf("it took %v, want little more than %v", took, logoutTimeout)
			}
		})
	}
}

func TestOpen_cancelled(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"before the greeting": serve(t), "at the login": serve(t, "* OK [CAPABILITY IMAP4rev1] ready")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := NewIMAP(plain(address))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			begin := time.Now()
			_, err := h.Open(ctx, anna())
			if !errors.Is(err, context.Canceled) || time.Since(begin) > waitingTime/2 {
				t.Errorf("%v after %v, want %v at once", err, time.Since(begin), context.Canceled)
			}
			if _, err := h.Open(ctx, anna()); !errors.Is(err, context.Canceled) {
				t.Errorf("again: %v, want %v and no memory of a refusal", err, context.Canceled)
			}
			wantFree(t, h)
		})
	}
}

// A look at the host is a connection, too, and waits for its place.
func TestVisit_counts(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	settings := plain(server.IMAP)
	settings.Host = NewHost(HostSettings{Connections: 1})
	h := NewIMAP(settings)
	visit, err := h.Visit(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := tryOpen(t, h, anna()); ok || err != nil {
		t.Errorf("beside a visit: %v %v, want no room", ok, err)
	}
	visit.Close()
	visit.Close()
	must(t, h, anna()).Close()
	wantFree(t, h)
}
