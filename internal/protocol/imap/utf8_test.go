// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNameForm_everyNameComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wire := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "wire")
		for _, form := range []nameForm{nameUTF7, nameUTF8} {
			if got := form.encode(form.decode(wire)); got != wire {
				t.Errorf("UTF-8 %v: got %q, want %q", form, got, wire)
			}
		}
	})
}

func TestNames_followTheServer(t *testing.T) {
	t.Parallel()
	client := connect(t, "ENABLE UTF8=ACCEPT", func(s *script) {
		s.ok(`CREATE "Entw&APw-rfe"`)
		s.ok("ENABLE UTF8=ACCEPT", "* ENABLED UTF8=ACCEPT")
		tag := s.expect(`CREATE \{9\}`)
		s.send("+ go")
		if got, want := s.line(), "Entwürfe"; got != want {
			s.fail("got %q, want %q", got, want)
		}
		s.send(tag + " OK done")
		s.ok("LIST", `* LIST () "/" "Entwürfe &APw-"`, "* LIST () \"/\" \"a\xffb\"")
		s.silent()
	})
	if err := client.Create(within(t), "Entwürfe"); err != nil {
		t.Error(err)
	}
	if on, err := client.Enable(within(t), "UTF8=ACCEPT"); err != nil || len(on) != 1 {
		t.Errorf("Enable: %v, %v", on, err)
	}
	if err := client.Create(within(t), "Entwürfe"); err != nil {
		t.Error(err)
	}
	entries, err := client.listOnce(within(t), "LIST", "LIST", nothing)
	if err != nil || len(entries) != 2 || entries[0].Name != "Entwürfe &APw-" || entries[1].Name != DecodeName("a\xffb") {
		t.Errorf("got %+v, %v", entries, err)
	}
}

func TestCapabilities_impliedByRevision2(t *testing.T) {
	t.Parallel()
	if caps := newCapabilities([]string{"IMAP4rev2"}); !caps.Has("LITERAL-") || !caps.Has("ESEARCH") || caps.Has("CONDSTORE") {
		t.Errorf("got %q", caps.List())
	}
}
