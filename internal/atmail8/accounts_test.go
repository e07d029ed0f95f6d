// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
)

func row(address, first, last, password string) Row {
	return Row{Address: address, FirstName: first, LastName: last, Password: rehome.NewSecret(password)}
}

// render returns the files' names and contents.
func render(t *testing.T, rows []Row, format CSVFormat) map[string]string {
	t.Helper()
	files, err := AccountFiles(rows, format)
	if err != nil {
		t.Fatal(err)
	}
	rendered := map[string]string{}
	for _, file := range files {
		if !IsAccountFile(file.Name) {
			t.Errorf("%s is not known again", file.Name)
		}
		rendered[file.Name] = string(file.Content)
	}
	return rendered
}

func TestAccountFiles_formats(t *testing.T) {
	t.Parallel()
	rows := []Row{
		row("maria@example.org", "María José", "García, de la Vega", `Sol,"y"Luna7!`),
		row("anna@example.org", "Anna", "", "Tulpen&Rosen-47"),
	}
	for name, c := range map[string]struct {
		format CSVFormat
		want   string
	}{
		"as documented": {CSVFormat{},
			"EmailAddress,FirstName,LastName,Password\n" +
				"anna@example.org,Anna,,Tulpen&Rosen-47\n" +
				"maria@example.org,María José,\"García, de la Vega\",\"Sol,\"\"y\"\"Luna7!\"\n"},
		"everything on": {CSVFormat{Header: []string{"Email address", "First name", "Last name", "Password"}, QuoteAll: true, BOM: true, CRLF: true},
			"\xef\xbb\xbf\"Email address\",\"First name\",\"Last name\",\"Password\"\r\n" +
				"\"anna@example.org\",\"Anna\",\"\",\"Tulpen&Rosen-47\"\r\n" +
				"\"maria@example.org\",\"María José\",\"García, de la Vega\",\"Sol,\"\"y\"\"Luna7!\"\r\n"},
		"no header": {CSVFormat{Header: []string{}},
			"anna@example.org,Anna,,Tulpen&Rosen-47\n" +
				"maria@example.org,María José,\"García, de la Vega\",\"Sol,\"\"y\"\"Luna7!\"\n"},
		"another order": {CSVFormat{Header: []string{"Password", "email", "LAST_NAME", "first name"}},
			"Password,email,LAST_NAME,first name\n" +
				"Tulpen&Rosen-47,anna@example.org,,Anna\n" +
				"\"Sol,\"\"y\"\"Luna7!\",maria@example.org,\"García, de la Vega\",María José\n"},
		"unknown labels": {CSVFormat{Header: []string{"Adresse", "Vorname", "Nachname", "Kennwort"}},
			"Adresse,Vorname,Nachname,Kennwort\n" +
				"anna@example.org,Anna,,Tulpen&Rosen-47\n" +
				"maria@example.org,María José,\"García, de la Vega\",\"Sol,\"\"y\"\"Luna7!\"\n"},
	} {
		got := render(t, rows, c.format)
		if diff := cmp.Diff(map[string]string{"accounts.csv": c.want}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestAccountFiles_batches(t *testing.T) {
	t.Parallel()
	var rows []Row
	for _, local := range []string{"e", "d", "c", "b", "a"} {
		rows = append(rows, row(local+"@example.org", local, "", "Secret-1"))
	}
	first := slices.Clone(rows)
	got := render(t, rows, CSVFormat{Header: []string{}, BatchSize: 2})
	want := map[string]string{
		"accounts-001.csv": "a@example.org,a,,Secret-1\nb@example.org,b,,Secret-1\n",
		"accounts-002.csv": "c@example.org,c,,Secret-1\nd@example.org,d,,Secret-1\n",
		"accounts-003.csv": "e@example.org,e,,Secret-1\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !cmp.Equal(first, rows, reveal) {
		t.Error("the caller's rows were sorted in place")
	}
	if got := render(t, rows[:2], CSVFormat{BatchSize: 2}); got["accounts.csv"] == "" || len(got) != 1 {
		t.Errorf("got files %v of one batch", got)
	}
	for _, other := range []string{"accounts-old.csv", "accounts-001.csv.bak", "people.csv", "accounts-01.csv"} {
		if IsAccountFile(other) {
			t.Errorf("%s passes for a file of ours", other)
		}
	}
}

func TestAccountFiles_refuses(t *testing.T) {
	t.Parallel()
	good := row("anna@example.org", "Anna", "Berg", "Secret-1")
	for _, c := range []struct {
		rows   []Row
		format CSVFormat
		want   string
	}{
		{[]Row{good}, CSVFormat{Header: []string{"a", "b", "c"}}, "the header has 3 labels, not 4"},
		{[]Row{good}, CSVFormat{Header: []string{"email", "Email Address", "LastName", "Password"}}, "two labels for the column EmailAddress"},
		{[]Row{good}, CSVFormat{BatchSize: -1}, "the batch size is below zero"},
		{[]Row{good, row("ANNA@example.org", "", "", "x"), row("ben@example.org", "", "", ""), row("cleo", "", "", "x")}, CSVFormat{},
			"anna@example.org occurs twice\nben@example.org has no password\naddress \"cleo\" has no @"},
	} {
		files, err := AccountFiles(c.rows, c.format)
		if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), c.want) || files != nil {
			t.Errorf("got %v, %v, want %q", files, err, c.want)
		}
	}
}

func TestCheckRows_altersNothingButSays(t *testing.T) {
	t.Parallel()
	rows := []Row{
		row("anna@example.org", "=cmd|' /C calc'!A0", "Berg", "+Secret-1"),
		row("ben@example.org", "", "", "Secret-1"),
		row("cleo@example.org", "", "-Dahl-", "Secret-1"),
		row("dora@example.org", "Dora", "Ek", "Secret-1"),
	}
	var got []string
	for _, f := range CheckRows(rows) {
		got = append(got, f.Code+" "+f.Account+" "+f.Object)
		if f.Sentence == "" || f.NextStep == "" || strings.Contains(f.Sentence, "calc") {
			t.Errorf("got %+v", f)
		}
	}
	want := []string{
		"csv_formula anna@example.org first name", "csv_formula anna@example.org password",
		"name_missing ben@example.org ", "csv_formula cleo@example.org last name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	written := render(t, rows, CSVFormat{})["accounts.csv"]
	if !strings.Contains(written, "\nanna@example.org,=cmd|' /C calc'!A0,Berg,+Secret-1\n") {
		t.Errorf("a value was altered: %s", written)
	}
}

func TestEncode_everyReaderGetsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// encoding/csv reads CR LF inside a field as LF; neither stands in a name or password here.
		value := rapid.StringMatching(`[^\r\n\x00]{0,12}`)
		format := CSVFormat{QuoteAll: rapid.Bool().Draw(t, "quote"), CRLF: rapid.Bool().Draw(t, "crlf")}
		layout, err := format.layout()
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{documented()}
		var rows []Row
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			fields := []string{"a@b", value.Draw(t, "first"), value.Draw(t, "last"), value.Draw(t, "password")}
			want = append(want, fields)
			rows = append(rows, row(fields[0], fields[1], fields[2], fields[3]))
		}
		got, err := csv.NewReader(strings.NewReader(string(layout.encode(rows)))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}
