// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/table"
)

// reveal lets go-cmp look into secrets; the values here are no secrets.
var reveal = cmp.Comparer(func(a, b rehome.Secret) bool { return a.Reveal() == b.Reveal() })

func plain(password string) rehome.Password {
	return rehome.Password{Form: rehome.PasswordPlain, Stored: rehome.NewSecret(password)}
}

// anna is what every spelling of the same file must give.
var anna = []rehome.Account{{
	Address: "anna@example.org", FirstName: "Anna", LastName: "Berg, Dr.", Services: rehome.AllServices,
	Password: plain(" s;e,c "), SourcePassword: rehome.NewSecret(" s;e,c "),
}}

func TestParse_everySpelling(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as the cloud has it":   "EmailAddress,FirstName,LastName,Password\nanna@example.org,Anna,\"Berg, Dr.\",\" s;e,c \"\n",
		"without a last line":   "EmailAddress,FirstName,LastName,Password\nanna@example.org,Anna,\"Berg, Dr.\",\" s;e,c \"",
		"BOM and CR LF":         "\xef\xbb\xbfEmailAddress,FirstName,LastName,Password\r\nanna@example.org,Anna,\"Berg, Dr.\",\" s;e,c \"\r\n",
		"semicolons":            "EmailAddress;FirstName;LastName;Password\nanna@example.org;Anna;Berg, Dr.;\" s;e,c \"\n",
		"tabs":                  "EmailAddress\tFirstName\tLastName\tPassword\nanna@example.org\tAnna\tBerg, Dr.\t s;e,c \n",
		"another order":         "Password,LastName,EmailAddress,FirstName\n\" s;e,c \",\"Berg, Dr.\",anna@example.org,Anna\n",
		"friendly labels":       "email address,first-name,LAST_NAME,password\nanna@example.org,Anna,\"Berg, Dr.\",\" s;e,c \"\n",
		"quoted labels":         "\"EmailAddress\";\"FirstName\";\"LastName\";\"Password\"\r\n\"anna@example.org\";\"Anna\";\"Berg, Dr.\";\" s;e,c \"\r\n",
		"blanks around":         "\n\nEmailAddress,FirstName,LastName,Password\n\n Anna@Example.ORG , Anna,\"Berg, Dr. \",\" s;e,c \"\n,,,\n\n",
		"columns without words": "EmailAddress,FirstName,LastName,Password,SourceUser,SourcePassword,DestinationUser,DestinationPassword\nanna@example.org,Anna,\"Berg, Dr.\",\" s;e,c \",,,,\n",
	} {
		got, _, err := Parse("people.csv", strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(anna, got, reveal); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestParse_passwordsOfBothEnds(t *testing.T) {
	t.Parallel()
	const head = "EmailAddress,Password,SourceUser,SourcePassword,DestinationUser,DestinationPassword\n"
	for _, c := range []struct{ row, sourceUser, source, destinationUser, destination string }{
		{"a@example.org,now,,,,", "a@example.org", "now", "a@example.org", ""},
		{"a@example.org,new,,old,,", "a@example.org", "old", "a@example.org", "new"},
		{"a@example.org,,,old,,", "a@example.org", "old", "a@example.org", ""},
		{"a@example.org,now,,,,new", "a@example.org", "now", "a@example.org", "new"},
		{"a@example.org,x,old.a,old,new.a,new", "old.a", "old", "new.a", "new"},
		{"a@example.org,,,,,new", "a@example.org", "", "a@example.org", "new"},
		{"a@example.org,,,,,", "a@example.org", "", "a@example.org", ""},
	} {
		accounts, _, err := Parse("people.csv", strings.NewReader(head+c.row))
		if err != nil || len(accounts) != 1 {
			t.Errorf("%s: got %d accounts, %v", c.row, len(accounts), err)
			continue
		}
		a := accounts[0]
		got := []string{a.SourceLogin(), a.SourcePassword.Reveal(), a.DestinationLogin(), a.DestinationPassword.Reveal()}
		want := []string{c.sourceUser, c.source, c.destinationUser, c.destination}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.row, diff)
		}
		if a.Password.Stored.Reveal() != c.source || (a.Password.Form == rehome.PasswordPlain) != (c.source != "") {
			t.Errorf("%s: got form %q of what the source stores, want the source's password", c.row, a.Password.Form)
		}
	}
}

func TestParse_namesEveryBrokenRow(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		`EmailAddress,FirstName,LastName,Password`,
		`anna@example.org,Anna,Berg,hunter2`,
		`ANNA@example.org,Anna,Berg,hunter2`,
		`ben.example.org,Ben,Cole,hunter2`,
		`cleo@example.org,Cleo,hunter2`,
		`dora@example.org,D` + "\xf6" + `ra,Ek,hunter2`,
		`emil@example.org,Emil,Falk,hun"ter2`,
		`finn@example.org,"Finn"y,Gade,hunter2`,
		`gus@example.org,Gus,Hall,"hunter2` + "\n" + `x"`,
		`,Nobody,Here,hunter2`,
		`hugo@example.org,` + strings.Repeat("h", maxField+1) + `,Ibsen,hunter2`,
		`ida@example.org,Ida,Juhl,"hunter2`,
		`hunter2,Jan,Kil,jan@example.org`,
		`hunter2(@example.org,Jan,Kil,jan@example.org`,
		`kim@example.org,Kim,Lie,#NAME?`,
		`lea@example.org,L` + "\u00e9" + `a,Moe,hunter2`,
	}, "\r\n")
	const (
		unclosed = `a field begins with a quote and is not closed before the next delimiter: write a quote inside it twice`
		spoiled  = "is what a spreadsheet wrote in place of the password, which it took for a formula or a number: enter it again as text"
	)
	_, _, err := Parse("people.csv", strings.NewReader(text))
	var problems *table.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	want := []table.Problem{
		{Line: 3, Column: 1, Field: "EmailAddress", Reason: "is the same as in line 2"},
		{Line: 4, Column: 1, Field: "EmailAddress", Reason: "has no @"},
		{Line: 5, Column: 1, Reason: "the row has 3 fields, the line that names the columns has 4"},
		{Line: 6, Column: 18, Field: "FirstName", Reason: `has an octet that its character set does not have: save it as "CSV UTF-8"`},
		{Line: 7, Column: 28, Reason: `a quote stands inside a field: put the field in quotes and write the quote twice`},
		{Line: 8, Column: 18, Reason: unclosed},
		{Line: 9, Column: 26, Field: "Password", Reason: "contains a line break or another control character"},
		{Line: 11, Column: 1, Field: "EmailAddress", Reason: "is empty"},
		{Line: 12, Column: 18, Field: "FirstName", Reason: "has more than 4096 octets"},
		{Line: 13, Column: 26, Reason: unclosed},
		{Line: 14, Column: 1, Field: "EmailAddress", Reason: "has no @"},
		{Line: 15, Column: 1, Field: "EmailAddress", Reason: "has a character before the @ that no address has there without quotes"},
		{Line: 16, Column: 25, Field: "Password", Reason: spoiled},
	}
	if diff := cmp.Diff(want, problems.List); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), "\npeople.csv:4:1: EmailAddress has no @\n") {
		t.Errorf("got class %q and text %q", rehome.ClassOf(err), err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows a password: %v", err)
	}
}

func TestParse_headerMustBeUnderstood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "the file is empty"},
		{"\n\n", "the file is empty"},
		{"anna@example.org,Anna,Berg,hunter2\n", "no line names the columns"},
		{"FirstName,Password\nAnna,hunter2\n", "no line names the columns"},
		{"EmailAddress,Password,Password\nanna@example.org,hunter2,2\n", "people.csv:1:23: Password occurs twice"},
		{"EmailAddress,Password,Passwort\nanna@example.org,hunter2,2\n", "people.csv:1:23: Password occurs twice"},
		{"EmailAddress,SourcePasword\nanna@example.org,hunter2\n", "people.csv:1:14: the column is not known; those that begin like this"},
		{"\"EmailAddress\nanna@example.org\n", "begins with a quote and is not closed"},
		{"EmailAddress,Password\x0banna@example.org,hunter2\x0b", "line 1 holds an address"},
		{"ben@example.org,hunter2\nEmailAddress,Password\nanna@example.org,x", "line 1 holds an address"},
	} {
		_, _, err := Parse("people.csv", strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		} else if rehome.HintOf(err) == "" {
			t.Errorf("%q: no hint", c.text)
		}
	}
}

func TestParse_boundsTheFile(t *testing.T) {
	t.Parallel()
	small := table.Bounds{Octets: 1 << 20, Rows: 100}
	for _, c := range []struct{ line, want string }{
		{"\n", "larger than 1 MiB"},
		{"\"", "larger than 1 MiB"},
	} {
		_, _, err := parse("people.csv", io.MultiReader(strings.NewReader("EmailAddress\n"), repeat(c.line)), small)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for ever: got %v, want %q", c.line, err, c.want)
		}
	}
}

func TestParse_boundsTheRows(t *testing.T) {
	t.Parallel()
	_, _, err := parse("people.csv", strings.NewReader("EmailAddress\n"+strings.Repeat("x\n", 101)), table.Bounds{Octets: 1 << 20, Rows: 100})
	if err == nil || !strings.Contains(err.Error(), "more than 100 rows") {
		t.Errorf("got %v", err)
	}
}

// repeat reads as its text again and again.
type repeat string

func (r repeat) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.csv")
	_, _, err := Load(path)
	if rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte("EmailAddress\nanna@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _, err := Load(path); err != nil || len(got) != 1 {
		t.Errorf("got %d accounts, %v, want 1", len(got), err)
	}
}

func TestParse_roundTrip(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[A-Za-zÀ-ž,;"'=+ -]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "delimiter")
		var text strings.Builder
		w := csv.NewWriter(&text)
		w.Comma = delimiter
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		_ = w.Write([]string{"EmailAddress", "FirstName", "Password"})
		addresses := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,9}@[a-z]{1,9}`), 0, 6, rapid.ID[string]).Draw(t, "addresses")
		var want [][3]string
		for _, address := range addresses {
			row := [3]string{address, word.Draw(t, "name"), word.Draw(t, "password")}
			want = append(want, row)
			_ = w.Write(row[:])
		}
		w.Flush()
		accounts, _, err := Parse("people.csv", strings.NewReader(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		var got [][3]string
		for _, a := range accounts {
			got = append(got, [3]string{a.Address, a.FirstName, a.SourcePassword.Reveal()})
		}
		for i := range want {
			want[i][1] = strings.TrimSpace(want[i][1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("EmailAddress,FirstName,LastName,Password\nanna@example.org,Anna,Berg,x\n")
	f.Add("\xef\xbb\xbfEmailAddress;SourceUser\r\nanna@example.org;\"a\"\"b\"\r\n")
	f.Add("EmailAddress\tPassword\nA@B\t\x00\n\xff@c\t\"")
	f.Fuzz(func(t *testing.T, text string) {
		accounts, _, err := Parse("people.csv", strings.NewReader(text))
		if err != nil {
			if rehome.ClassOf(err) != rehome.ClassOperator || accounts != nil {
				t.Errorf("got %d accounts and %v", len(accounts), err)
			}
			return
		}
		seen := map[string]bool{}
		for _, a := range accounts {
			if want, err := rehome.ParseAddress(a.Address); err != nil || want != a.Address || seen[a.Address] {
				t.Errorf("got address %q, %v, seen before: %v", a.Address, err, seen[a.Address])
			}
			seen[a.Address] = true
		}
	})
}
