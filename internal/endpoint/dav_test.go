// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"testing"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/faultproxy"
)

// davSource is SabreDAV with Anna's account.
func davSource(t *testing.T, options atmail7.Options) (*atmail7.Server, DAVSettings) {
	t.Helper()
	server, err := atmail7.Start(lab.Open(t), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.AddAccount(t.Context(), atmail7.Account{Address: anna().Address, Stored: "geheim"}); err != nil {
		t.Fatal(err)
	}
	return server, DAVSettings{Host: NewHost(HostSettings{Side: rehome.Source}), URL: server.DAV, AllowPlaintext: true}
}

func TestDAV_opensByPasswordAndByDigest(t *testing.T) {
	t.Parallel()
	_, settings := davSource(t, atmail7.Options{Digest: true})
	someone := anna()
	someone.SourcePassword = rehome.NewSecret("geheim")
	stored := settings
	stored.Digest = func(context.Context, rehome.Account) (rehome.Secret, error) {
		sum := md5.Sum([]byte(anna().Address + ":SabreDAV:geheim"))
		return rehome.NewSecret(hex.EncodeToString(sum[:])), nil
	}
	for name, test := range map[string]struct {
		settings DAVSettings
		account  rehome.Account
	}{"password": {settings, someone}, "digest": {stored, rehome.Account{Address: anna().Address}}} {
		host := NewDAV(test.settings)
		defer host.Close()
		session, err := host.Open(within(t), test.account)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if session.Home(dav.Calendars) == nil || session.Home(dav.AddressBooks) == nil {
			t.Errorf("%s: a home is missing", name)
		}
		session.Close()
	}
}

func TestDAV_refusedOnceIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	server, settings := davSource(t, atmail7.Options{})
	watched := proxy(t, server.DAV[len("http://"):len(server.DAV)-1])
	settings.URL = "http://" + watched.Addr() + "/"
	host := NewDAV(settings)
	defer host.Close()
	someone := anna()
	someone.SourcePassword = rehome.NewSecret(wrongPassword)
	for range 2 {
		_, err := host.Open(within(t), someone)
		wantFault(t, err, rehome.ClassAuth, "401", "check the password in the roster")
	}
	_, err := host.Open(within(t), rehome.Account{Address: bert().Address})
	wantFault(t, err, rehome.ClassAuth, "no password is known", "source.dav.via: database")
	first := watched.Counts()
	_, err = host.Open(within(t), someone)
	wantFault(t, err, rehome.ClassAuth, "401", "")
	if again := watched.Counts(); again != first {
		t.Errorf("a refused log-in was tried again: %+v, then %+v", first, again)
	}
}

// Who the user is, is asked once for both kinds, and what a home can do when somebody wants to know it.
func TestDAV_asksLittle(t *testing.T) {
	t.Parallel()
	server, settings := davSource(t, atmail7.Options{})
	watched := proxy(t, server.DAV[len("http://"):len(server.DAV)-1])
	settings.URL = "http://" + watched.Addr() + "/"
	host := NewDAV(settings)
	defer host.Close()
	someone := anna()
	someone.SourcePassword = rehome.NewSecret("geheim")
	session, err := host.Open(within(t), someone)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if asked := watched.Counts().RoundTrips; asked != 3 { // the challenge, who it is, and where the homes are
		t.Errorf("opening took %d requests, want 3", asked)
	}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if _, err := session.Collections(within(t), kind); err != nil || session.Home(kind).Capabilities.Known {
			t.Errorf("%s: %v, %+v", kind, err, session.Home(kind))
		}
	}
	before := watched.Counts().RoundTrips
	for range 2 {
		if told, err := session.Capabilities(within(t), dav.Calendars); err != nil || !told.Known {
			t.Errorf("capabilities: %+v, %v", told, err)
		}
	}
	if asked := watched.Counts().RoundTrips - before; asked != 1 {
		t.Errorf("capabilities took %d requests, want 1", asked)
	}
	principal, asked := session.Principal()
	if principal == "" || !asked {
		t.Errorf("the principal is %q, asked %t", principal, asked)
	}
	asksLeast(t, watched, settings, principal)
}

// asksLeast is what a run with nothing to do asks: what the host wants, whether the user is still who they were, and both listings.
func asksLeast(t *testing.T, watched *faultproxy.Proxy, settings DAVSettings, principal string) {
	t.Helper()
	host := NewDAV(settings)
	defer host.Close()
	someone := anna()
	someone.SourcePassword = rehome.NewSecret("geheim")
	before := watched.Counts().RoundTrips
	if err := host.Reach(within(t)); err != nil {
		t.Fatal(err)
	}
	session, err := host.OpenAt(within(t), someone, principal)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if all, err := session.Collections(within(t), kind); err != nil || len(all) == 0 {
			t.Errorf("%s: %d, %v", kind, len(all), err)
		}
	}
	if asked := watched.Counts().RoundTrips - before; asked != 4 {
		t.Errorf("with nothing to do, %d requests, want 4", asked)
	}
	if again, asked := session.Principal(); again != principal || asked {
		t.Errorf("the principal is %q by the whole way (%t), want the remembered one", again, asked)
	}
}

func TestDAV_reach(t *testing.T) {
	t.Parallel()
	_, settings := davSource(t, atmail7.Options{})
	host := NewDAV(settings)
	defer host.Close()
	if err := host.Reach(within(t)); err != nil {
		t.Errorf("a server that asks for a log-in answers: %v", err)
	}
	settings.URL = "http://127.0.0.1:1/"
	err := NewDAV(settings).Reach(within(t))
	wantFault(t, err, rehome.ClassTemporary, "refused", "check dav.url")
}

// Where the given URL leads nowhere, the address that the webmail itself uses does.
func TestDAV_findsTheUsersOwnURL(t *testing.T) {
	t.Parallel()
	server, settings := davSource(t, atmail7.Options{})
	settings.URL += "nowhere/"
	settings.UserURL = func(_ context.Context, account rehome.Account, kind dav.Kind) (string, error) {
		if kind == dav.Calendars {
			return server.DAV + "calendars/" + account.Address + "/", nil
		}
		return "", nil
	}
	host := NewDAV(settings)
	t.Cleanup(host.Close)
	someone := anna()
	someone.SourcePassword = rehome.NewSecret("geheim")
	session, err := host.Open(within(t), someone)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for kind, want := range map[dav.Kind]string{dav.Calendars: "the user's own URL", dav.AddressBooks: "root"} {
		if home := session.Home(kind); home == nil || home.How != want {
			t.Errorf("%s: %+v, want it found by %s", kind, home, want)
		}
	}
}
