// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"net/url"
	"testing"

	"rehome/internal/clientsetup"
)

func checkSettings(t *testing.T, s settings, err error) {
	t.Helper()
	if err != nil {
		return
	}
	if !s.sendsAndReceives() || len(s.servers) > maxServers+1 {
		t.Errorf("got %+v", s)
	}
	for _, server := range s.servers {
		if !isHost(server.Host) || server.Port < 1 || server.Port > 65535 || server.Security == "" {
			t.Errorf("got %+v", server)
		}
	}
}

func FuzzReadAutoconfig(f *testing.F) {
	f.Add(autoconfigOf("one.example"))
	f.Add([]byte(`<?xml version="1.0" encoding="iso-8859-1"?><clientConfig><emailProvider id="x"/></clientConfig>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, strict := range []bool{false, true} {
			s, err := readAutoconfig(body, anna, strict)
			checkSettings(t, s, err)
		}
	})
}

func FuzzReadPOX(f *testing.F) {
	f.Add(poxOf("one.example"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, office := range []bool{false, true} {
			said, err := readPOX(body, anna, office)
			if said.address == "" && said.place == "" {
				checkSettings(t, said.settings, err)
			}
		}
	})
}

func FuzzReadProfile(f *testing.F) {
	both := services("a.example")
	profile, _ := both.Destination.Profile(clientsetup.Person{Address: "anna@a.example"})
	f.Add(profile)
	f.Add([]byte("0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := readProfile(body)
		checkSettings(t, s, err)
	})
}

func FuzzRedirectOf(f *testing.F) {
	from, err := url.Parse("https://a.example/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/y")
	f.Add("//b.example:99/%zz")
	f.Fuzz(func(t *testing.T, location string) {
		to, err := redirectOf(from, location)
		if err != nil {
			return
		}
		if u, err := url.Parse(to); err != nil || !isHost(u.Hostname()) || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			t.Errorf("%q leads to %q", location, to)
		}
	})
}
