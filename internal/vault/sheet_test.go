// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"rehome"
)

func TestSheet_opensWithTheStandardFormat(t *testing.T) {
	t.Parallel()
	identity, identityPath := newIdentity(t)
	path := filepath.Join(t.TempDir(), "sheet.age")
	sheet := Sheet{
		"ben@example.org":  {rehome.NewSecret(`Kp"7,x`), "stored as a hash", time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)},
		"anna@example.org": {rehome.NewSecret("Rw4#kmTz"), "too short", time.Date(2026, 3, 1, 8, 0, 0, 0, time.FixedZone("", 3600))},
	}
	if err := sheet.Save(path, identity.Recipients()); err != nil {
		t.Fatal(err)
	}
	sealed, _ := os.ReadFile(path)
	if bytes.Contains(sealed, []byte("anna")) {
		t.Error("the sheet is readable")
	}

	// As a human opens it, with nothing of this package.
	text, _ := os.ReadFile(identityPath)
	keys, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), keys...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	want := "\xef\xbb\xbfEmailAddress;Password;Why;Created\r\n" +
		"anna@example.org;Rw4#kmTz;too short;2026-03-01T07:00:00Z\r\n" +
		"ben@example.org;\"Kp\"\"7,x\";stored as a hash;2026-03-01T09:00:00Z\r\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestLoadSheet_missingIsEmpty(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	sheet, err := LoadSheet(filepath.Join(t.TempDir(), "none.age"), identity)
	if err != nil || sheet == nil || len(sheet) != 0 {
		t.Errorf("got %v, %v, want an empty sheet", sheet, err)
	}
}

func TestLoadSheet_aDamagedSheetIsNotAnEmptyOne(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	path := filepath.Join(t.TempDir(), "sheet.age")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadSheet(path, identity)
	wantFault(t, err, rehome.ClassPermanent, "not a binary age file", "")
	if err := Seal(path, identity.Recipients(), []byte("EmailAddress,Password,Why,Created\nanna@example.org,hunter2,why,yesterday\n")); err != nil {
		t.Fatal(err)
	}
	_, err = LoadSheet(path, identity)
	wantFault(t, err, rehome.ClassOperator, "line 2: the last field is not a time", "by hand")
}

func TestSheet_roundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := Sheet{}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			address := rapid.StringMatching(`[a-z0-9.+-]{1,10}@[a-z]{1,8}\.org`).Draw(t, "address")
			want[address] = Entry{
				// CSV turns CR LF inside a field into LF; neither ever stands in a password.
				Password: rehome.NewSecret(rapid.StringMatching(`[^\r\n\x00]{1,20}`).Draw(t, "password")),
				Why:      rapid.StringMatching(`[^\r\n\x00]{0,20}`).Draw(t, "why"),
				Created:  time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "created"), 0).UTC(),
			}
		}
		got, err := parseSheet(want.format())
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("got %d rows, want %d", len(got), len(want))
		}
		for address, entry := range want {
			if got[address] != entry {
				t.Fatalf("the row of %s came back different", address)
			}
		}
	})
}

// Passwords that were handed out with an older version are still the same.
func TestParseSheet_ofAnOlderVersion(t *testing.T) {
	t.Parallel()
	sheet, err := parseSheet([]byte("EmailAddress,Password,Why,Created\nanna@example.org,\"a,b\"\"c\",why,2026-03-01T08:00:00Z\n"))
	if err != nil || sheet["anna@example.org"].Password.Reveal() != `a,b"c` {
		t.Errorf("got %v, %v", sheet, err)
	}
}

func TestParseSheet_namesTheLine(t *testing.T) {
	t.Parallel()
	const head = "EmailAddress,Password,Why,Created\n"
	const good = "anna@example.org,hunter2,why,2026-03-01T08:00:00Z\n"
	for _, c := range []struct{ text, want string }{
		{"", "line 1 is not"},
		{"a,b\n", "line 1 is not"},
		{head + good + good, "line 3: the address occurs twice"},
		{head + "anna,hunter2,why,2026-03-01T08:00:00Z\n", "line 2: the address has no @"},
		{head + "anna@example.org,,why,2026-03-01T08:00:00Z\n", "line 2: the password is empty"},
		{head + "anna@example.org,hunter2,why,1.3.2026\n", "line 2: the last field is not a time"},
		{head + "anna@example.org,hunter2\n", "line 2: it has 2 fields, not 4"},
		{head + "anna@example.org,hun\"ter2,why,x\n", "line 2: a quote stands inside a field"},
	} {
		_, err := parseSheet([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}

func FuzzParseSheet(f *testing.F) {
	f.Add([]byte("EmailAddress,Password,Why,Created\nanna@example.org,x,why,2026-03-01T08:00:00Z\n"))
	f.Add([]byte("EmailAddress,Password,Why,Created\n\"a\"\"b"))
	f.Add([]byte("\xef\xbb\xbfEmailAddress"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sheet, err := parseSheet(text)
		if err != nil {
			return
		}
		again, err := parseSheet(sheet.format())
		if err != nil || len(again) != len(sheet) {
			t.Errorf("written and read again: %d rows, %v, want %d", len(again), err, len(sheet))
		}
	})
}
