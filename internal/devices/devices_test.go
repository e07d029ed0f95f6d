// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/maillog"
)

func TestRecognise(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]struct {
		program Program
		name    string
	}{
		"": {Other, ""},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.1.0": {Thunderbird, "Thunderbird 128"},
		"name=Thunderbird, version=128.1.0":                                        {Thunderbird, "Thunderbird 128"},
		"name=iPhone Mail, version=22B83, os=iOS, os-version=18.1 (22B83)":         {IPhone, "iOS 18.1 (iPhone, iPad)"},
		"iOS/18.1 (22B83) dataaccessd/1.0":                                         {IPhone, "iOS 18.1 (iPhone, iPad)"},
		"Apple-iPhone14C5/2105.79":                                                 {IPhone, "iOS (iPhone, iPad)"},
		"name=Mac OS X Mail, version=16.0, os=Mac OS X, os-version=14.5 (23F79)":   {Mac, "macOS 14.5 (Mac)"},
		"macOS/14.5 (23F79) dataaccessd/1.0":                                       {Mac, "macOS 14.5 (Mac)"},
		"Mac+OS+X/10.15.7 (19H15) CalendarAgent/930.5.1":                           {Mac, "macOS (Mac)"},
		"DAVx5/4.4.3-ose (2024/10/1; dav4jvm; okhttp/4.12.0) Android/14":           {Android, "DAVx⁵ 4.4 (Android)"},
		"name=K-9 Mail, version=6.8":                                               {Android, "Thunderbird (Android)"},
		"name=Thunderbird, version=8.0, os=Android":                                {Android, "Thunderbird (Android)"},
		"name=com.google.android.gm, os=android, os-version=14; UP1A":              {Android, "Android"},
		"Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0; Microsoft Outlook 16)": {Outlook, "Outlook"},
		"name=Microsoft.Outlook, version=16":                                       {Outlook, "Outlook"},
		"Outlook-iOS-Android/1.0":                                                  {IPhone, "Outlook (iPhone, iPad)"},
		"CalDavSynchronizer/4.4":                                                   {Outlook, "Outlook CalDav Synchronizer"},
		"Evolution/3.46.4":                                                         {Other, "Evolution 3.46"},
		"name=Roundcube, version=1.6":                                              {Webmail, "Webmail"},
		"name=Strange\x1b Mailer, version=3":                                       {Other, "Strange Mailer"},
		"Frob/1.0 (x)":                                                             {Other, "Frob"},
		"version=3, os=x":                                                          {Other, ""},
	} {
		if got := Recognise(agent); got.Program != want.program || got.Name != want.name || got.Ignored {
			t.Errorf("%q: got %+v, want %+v", agent, got, want)
		}
	}
	for _, agent := range []string{"rehome/1.2", "name=imapsync, version=2", "vdirsyncer/0.19", "curl/8"} {
		if got := Recognise(agent); !got.Ignored {
			t.Errorf("%q is taken for a device: %+v", agent, got)
		}
	}
}

func TestOf_oneLineForEachProgram(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 11, n, 8, 0, 0, 0, time.UTC) }
	got := Of([]Sighting{
		{Protocol: "imap", Last: day(25)}, // the login of one that says its name a line later
		{Protocol: "imap", Agent: "name=Thunderbird, version=115.0", Last: day(2)},
		{Protocol: "imap", Agent: "name=Thunderbird, version=128.1", Last: day(24)},
		{Protocol: "dav", Agent: "Mozilla/5.0 Thunderbird/128.1", Last: day(23)},
		{Protocol: "dav", Agent: "iOS/18.1 (22B83) dataaccessd/1.0", Last: day(20)},
		{Protocol: "pop3", Last: day(3)},
		{Protocol: "imap", Agent: "name=imapsync", Last: day(25)},
		{Protocol: "imap", Agent: "name=Old", Last: day(1).AddDate(-1, 0, 0)},
	})
	want := []Device{
		{Thunderbird, "Thunderbird 128", []string{"dav", "imap"}, day(24)},
		{IPhone, "iOS 18.1 (iPhone, iPad)", []string{"dav"}, day(20)},
		{Other, "", []string{"pop3"}, day(3)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Of([]Sighting{{Protocol: "imap"}, {Protocol: "smtp"}}); len(got) != 1 || got[0].Name != "" || len(got[0].Protocols) != 2 {
		t.Errorf("a program that never says its name: got %+v", got)
	}
	if got := Of(nil); got == nil || len(got) != 0 {
		t.Errorf("got %#v, want an empty list", got)
	}
}

type names map[string]string

func (n names) Of(name string) (string, bool) { address, ok := n[name]; return address, ok }

func TestRead_countsEachProgramOnce(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("ä", 300)
	text := `10.0.0.7 - anna [25/Nov/2026:08:00:00 +0000] "PROPFIND / HTTP/1.1" 207 1 "-" "Frob/1"
10.0.0.7 - anna [20/Nov/2026:08:00:00 +0000] "PROPFIND / HTTP/1.1" 207 1 "-" "Frob/1"
10.0.0.7 - stranger [20/Nov/2026:08:00:00 +0000] "PROPFIND / HTTP/1.1" 207 1 "-" "Frob/1"
10.0.0.7 - anna [20/Nov/2026:08:00:00 +0000] "PROPFIND / HTTP/1.1" 207 1 "-" "` + long + "\"\n"
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), []string{log}, names{"anna": "anna@a.test"}, nil)
	if err != nil || len(got.Sightings) != 2 || got.Full || !cmp.Equal(got.Strangers, []string{"stranger"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	first := got.Sightings[0]
	if first.Agent != "Frob/1" || first.First.Day() != 20 || first.Last.Day() != 25 || first.Address != "anna@a.test" {
		t.Errorf("got %+v", first)
	}
	if cut := got.Sightings[1].Agent; len(cut) > maxAgent || !utf8.ValidString(cut) {
		t.Errorf("got %q", cut)
	}
}

// Our own log-ins by POP3 make nobody a person who polls, and hide nobody who does.
func TestRead_ownLogins(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	pop := func(user, rip string) string {
		return "2026-11-20 09:00:00 pop3-login: Info: Login: user=<" + user + ">, method=PLAIN, rip=" + rip + ", lip=10.0.0.1\n" +
			"2026-11-20 09:00:01 pop3(" + user + ")<7><x>: Info: Disconnected: Logged out top=0/0, retr=0/0, del=0/3, size=9\n"
	}
	text := pop("anna", "10.0.0.9") + pop("ben", "10.0.0.9") + pop("ben", "10.0.0.9") + pop("cy", "10.0.0.9") + pop("cy", "10.0.0.4")
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	when, from := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), netip.MustParseAddr("10.0.0.9")
	own := maillog.NewOwn([]maillog.Visit{
		{Account: "anna@a.test", From: from, Times: 2, First: when, Last: when},
		{Account: "ben@a.test", From: from, Times: 1, First: when, Last: when}, // so that one is not ours
		{Account: "cy@a.test", From: from, Times: 1, First: when, Last: when},
	})
	got, err := Read(t.Context(), []string{log}, names{"anna": "anna@a.test", "ben": "ben@a.test", "cy": "cy@a.test"}, own)
	var seen []string
	for _, s := range got.Sightings {
		seen = append(seen, s.Address+" "+s.Protocol)
	}
	if want := []string{"ben@a.test pop3", "cy@a.test pop3"}; err != nil || !cmp.Equal(seen, want) || got.Own != 6 {
		t.Errorf("got %q and %d of ours, %v, want %q and 6", seen, got.Own, err, want)
	}
}

func TestRead_boundsPrograms(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	var text strings.Builder
	for i := range maxSightings + 5 {
		text.WriteString(`10.0.0.7 - anna [25/Nov/2026:08:00:00 +0000] "PROPFIND / HTTP/1.1" 207 1 "-" "` + strings.Repeat("x", i+1) + "\"\n")
	}
	if err := os.WriteFile(log, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), []string{log}, names{"anna": "anna@a.test"}, nil)
	if err != nil || len(got.Sightings) != maxSightings || !got.Full {
		t.Errorf("got %d, full %v, %v", len(got.Sightings), got.Full, err)
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add("name=Thunderbird, version=128")
	f.Add("\xffx/\x00(")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := Recognise(agent); !utf8.ValidString(got.Name) || len(got.Name) > 4*maxName+40 || strings.ContainsAny(got.Name, "\n\x00") {
			t.Errorf("got %+v", got)
		}
	})
}
