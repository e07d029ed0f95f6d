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
		got, err := Parse("people.csv", strings.NewReader(text))
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
		accounts, err := Parse("people.csv", strings.NewReader(head+c.row))
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
	}, "\r\n")
	_, err := Parse("people.csv", strings.NewReader(text))
	var problems *Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	want := []Problem{
		{3, 1, "EmailAddress", "is the same as in line 2"},
		{4, 1, "EmailAddress", "has no @"},
		{5, 1, "", "the row has 3 fields, the first line has 4"},
		{6, 18, "FirstName", `is not UTF-8: save the file as "CSV UTF-8"`},
		{7, 31, "", syntaxReason(csv.ErrBareQuote)},
		{8, 23, "", syntaxReason(csv.ErrQuote)},
		{9, 26, "Password", "contains a line break or another control character"},
		{11, 1, "EmailAddress", "is empty"},
		{12, 18, "FirstName", "has more than 4096 octets"},
		{13, 1, "", syntaxReason(csv.ErrQuote)},
	}
	// Where an unclosed quote ends is the CSV reader's affair; where it begins is not.
	got := append([]Problem(nil), problems.List...)
	got[len(got)-1].Column = 1
	if diff := cmp.Diff(want, got); diff != "" {
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
		{"anna@example.org,Anna,Berg,x\n", "the first line has no column EmailAddress"},
		{"FirstName,Password\nAnna,x\n", "the first line has no column EmailAddress"},
		{"EmailAddress,Phone\nanna@example.org,1\n", `people.csv:1:14: column "Phone" is not known; known columns: EmailAddress, FirstName`},
		{"EmailAddress,Password,Password\nanna@example.org,1,2\n", "people.csv:1:23: Password occurs twice"},
		{"EmailAddress,Password,\nanna@example.org,1,\n", "people.csv:1:23: column 3 has no name"},
		{"EmailAddress,Pa\xdfword\nanna@example.org,1\n", "people.csv:1:14: column 2 has a name that is not UTF-8"},
		{"\xff\xfeE\x00m\x00", "the file is UTF-16, not UTF-8"},
		{"\"EmailAddress\nanna@example.org\n", "begins with a quote and is not closed"},
		{"EmailAddress\ranna@example.org\r", "the first line has no column EmailAddress"},
	} {
		_, err := Parse("people.csv", strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		} else if rehome.HintOf(err) == "" {
			t.Errorf("%q: no hint", c.text)
		}
	}
}

func TestParse_boundsTheFile(t *testing.T) {
	t.Parallel()
	small := bounds{file: 1 << 20, rows: 100}
	for _, c := range []struct{ line, want string }{
		{"\n", "larger than 1 MiB"},
		{"x\n", "more than 100 rows"},
		{"\"", "larger than 1 MiB"},
	} {
		_, err := parse("people.csv", io.MultiReader(strings.NewReader("EmailAddress\n"), repeat(c.line)), small)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for ever: got %v, want %q", c.line, err, c.want)
		}
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

func TestProblems_listIsCut(t *testing.T) {
	t.Parallel()
	text := "EmailAddress\n" + strings.Repeat("x\n", maxListed+5)
	_, err := Parse("people.csv", strings.NewReader(text))
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != maxListed+5 {
		t.Fatalf("got %v", err)
	}
	if !strings.HasSuffix(err.Error(), ":1: EmailAddress has no @\nand 5 more") {
		t.Errorf("got an end %q", err.Error()[len(err.Error())-60:])
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.csv")
	_, err := Load(path)
	if rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte("EmailAddress\nanna@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(path); err != nil || len(got) != 1 {
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
		accounts, err := Parse("people.csv", strings.NewReader(text.String()))
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
		accounts, err := Parse("people.csv", strings.NewReader(text))
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
