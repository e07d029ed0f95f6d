// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"testing"
)

func TestACL_rights(t *testing.T) {
	t.Parallel()
	client := connect(t, "ACL", func(s *script) {
		s.ok(`MYRIGHTS "Entw&APw-rfe"`, `* MYRIGHTS other lr`, `* MYRIGHTS "Entw&APw-rfe" lrswipkxtecda`)
		s.send(s.expect(`MYRIGHTS "none"`) + " NO [NONEXISTENT] no such mailbox")
		s.ok(`GETACL "inbox"`, `* ACL INBOX anna lrswi "otto x" {2}`+"\r\nlr -anyone r odd", `* ACL other a b`, `* ACL`)
		s.silent()
	})
	if rights, ok, err := client.MyRights(within(t), "Entwürfe"); rights != "lrswipkxtecda" || !ok || err != nil {
		t.Errorf("%q, %v, %v", rights, ok, err)
	}
	if _, ok, err := client.MyRights(within(t), "none"); ok || !IsCode(err, "NONEXISTENT") {
		t.Errorf("%v, %v", ok, err)
	}
	grants, err := client.ACL(within(t), "inbox")
	if want := "[{anna lrswi} {otto x lr} {-anyone r}]"; fmt.Sprint(grants) != want || err != nil {
		t.Errorf("got %v, %v, want %s", grants, err, want)
	}
}

func TestMetadata_entries(t *testing.T) {
	t.Parallel()
	client := connect(t, "METADATA", func(s *script) {
		s.ok(`GETMETADATA \(MAXSIZE 65536 DEPTH infinity\) "INBOX" \(/private /shared\)`,
			`* METADATA INBOX (/private/Comment "my \"own\"" /shared/comment NIL /shared/x {4}`+"\r\na\r\nb /odd (a) /last)",
			`* METADATA other (/private/comment no)`, `* METADATA INBOX (/private/empty "")`, `* METADATA INBOX /private/changed`)
		s.ok(`GETMETADATA \(MAXSIZE 65536 DEPTH infinity\) "" \(/private /shared /private/comment /private/vendor\)`,
			`* METADATA "" (/shared/admin "mailto:x")`)
		s.silent()
	})
	want := `map["/private/comment":"my \"own\"" "/private/empty":"" "/shared/x":"a\r\nb"]`
	if got, err := client.Metadata(within(t), "INBOX"); fmt.Sprintf("%q", got.Values) != want || got.Part || err != nil {
		t.Errorf("got %q, %v, want %s", got.Values, err, want)
	}
	if got, err := client.Metadata(within(t), ""); got.Values["/shared/admin"] != "mailto:x" || err != nil {
		t.Errorf("got %q, %v", got.Values, err)
	}
}

// Several questions go out together. What is left out for its length is told, and a BAD costs an answer and not the connection.
func TestMetadata_severalAhead(t *testing.T) {
	t.Parallel()
	client := connect(t, "METADATA", func(s *script) {
		s.ok(`GETMETADATA \(MAXSIZE 65536 DEPTH infinity\) "INBOX" \(/private /shared\)`, `* METADATA INBOX (/private/comment a)`)
		s.sendAs(s.expect(`GETMETADATA .* "long" .*`), `* METADATA long (/private/comment b)`, "% OK [METADATA LONGENTRIES 70000] done")
		s.sendAs(s.expect(`GETMETADATA .* "bad" .*`), "% BAD what?")
		s.ok("NOOP")
		s.silent()
	})
	var asked []*MetadataCommand
	for _, name := range []string{"INBOX", "long", "bad"} {
		m, err := client.MetadataAhead(within(t), name)
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, m)
	}
	first, err1 := asked[0].Wait(within(t))
	long, err2 := asked[1].Wait(within(t))
	if first.Values["/private/comment"] != "a" || first.Part || long.Values["/private/comment"] != "b" || !long.Part || err1 != nil || err2 != nil {
		t.Errorf("%v, %v, %v, %v", first, err1, long, err2)
	}
	if _, err := asked[2].Wait(within(t)); !IsStatus(err, "BAD") || client.Noop(within(t)) != nil {
		t.Errorf("a BAD: %v, then %v", err, client.Err())
	}
}

func TestSetMetadata_oneEntry(t *testing.T) {
	t.Parallel()
	client := connect(t, "METADATA LITERAL+", func(s *script) {
		s.ok(`SETMETADATA "INBOX" \("/private/comment" "my \\"own\\""\)`)
		s.ok(`SETMETADATA "INBOX" \("/private/comment" NIL\)`)
		s.silent()
	})
	if err := client.SetMetadata(within(t), "INBOX", "/private/comment", `my "own"`); err != nil {
		t.Error(err)
	}
	answer, err := client.RemoveMetadataAhead(within(t), "INBOX", "/private/comment")
	if err == nil {
		err = answer.Wait(within(t))
	}
	if err != nil {
		t.Error(err)
	}
	var argument *ArgumentError
	if err := client.SetMetadata(within(t), "INBOX", "/private/comment", "a\x00b"); !errors.As(err, &argument) {
		t.Errorf("a NUL octet: %v", err)
	}
}

func TestAnnotations_serversWithout(t *testing.T) {
	t.Parallel()
	client := connect(t, "METADATA-SERVER", func(s *script) { s.silent() })
	_, known, err := client.MyRights(within(t), "INBOX")
	grants, aclErr := client.ACL(within(t), "INBOX")
	entries, metaErr := client.Metadata(within(t), "INBOX")
	if known || grants != nil || entries.Values != nil || err != nil || aclErr != nil || metaErr != nil {
		t.Errorf("%v %v %v, %v %v %v, want nothing", known, grants, entries, err, aclErr, metaErr)
	}
}
