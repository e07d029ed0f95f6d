// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/alias"
)

func newBook() *alias.Book {
	return alias.NewBook(alias.Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}})
}

// headersOf shows that each of these addresses received a message.
func headersOf(addresses ...string) HeaderReader {
	return func(_ context.Context, newest int, see func(Sighting)) (int, []rehome.Finding, error) {
		for _, address := range addresses[:min(newest, len(addresses))] {
			see(Sighting{Address: address, Evidence: InTo})
		}
		return len(addresses), []rehome.Finding{{Code: "headers_unread"}}, nil
	}
}

func TestTakeCensus_keepsWhatAPersonHasDecided(t *testing.T) {
	t.Parallel()
	sheet := filepath.Join(t.TempDir(), "recipients.csv")
	options := CensusOptions{Messages: 9}
	headers := headersOf("anna@a.test", "fax@a.test", "jobs@a.test", "x@elsewhere.test")
	census, err := TakeCensus(t.Context(), sheet, newBook(), options, headers)
	if err != nil || census.Totals.Undecided != 2 || census.Totals.Known != 1 || census.Headers != 4 || len(census.Findings) != 1 {
		t.Fatalf("got %+v, %v", census, err)
	}
	text, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if fields := strings.Split(line, ";"); fields[0] == "fax@a.test" {
			fields[5] = "Drop"
			lines[i] = strings.Join(fields, ";")
		}
	}
	if err := os.WriteFile(sheet, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		census, err = TakeCensus(t.Context(), sheet, newBook(), options, headers)
		if err != nil || census.Totals.Undecided != 1 || census.Totals.Decided != 1 {
			t.Errorf("after the decision: got %+v, %v", census, err)
		}
	}
	if seen, err := ReadSheet(sheet); err != nil || len(seen) != 3 {
		t.Errorf("the sheet has %v, %v", seen, err)
	}
}

func TestTakeCensus_overwritesNothingThatItCannotRead(t *testing.T) {
	t.Parallel()
	sheet := filepath.Join(t.TempDir(), "recipients.csv")
	if err := os.WriteFile(sheet, []byte("edited beyond recognition\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := TakeCensus(t.Context(), sheet, newBook(), CensusOptions{Messages: 1}, headersOf("fax@a.test"))
	if rehome.HintOf(err) == "" {
		t.Errorf("got %v, want it refused with a hint", err)
	}
	if text, err := os.ReadFile(sheet); err != nil || string(text) != "edited beyond recognition\n" {
		t.Errorf("the sheet now is %q, %v", text, err)
	}
	broken := errors.New("the host is away")
	away := func(context.Context, int, func(Sighting)) (int, []rehome.Finding, error) { return 0, nil, broken }
	fresh := sheet + ".new"
	if _, err := TakeCensus(t.Context(), fresh, newBook(), CensusOptions{Messages: 1}, away); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if _, err := os.Stat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a census was written: %v", err)
	}
}

func TestCensusOptions_somethingIsToBeRead(t *testing.T) {
	t.Parallel()
	if err := (CensusOptions{}).Check(); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
	}
	for _, options := range []CensusOptions{{Messages: 1}, {Logs: []string{"maillog"}}} {
		if err := options.Check(); err != nil {
			t.Errorf("%+v: got %v", options, err)
		}
	}
}

// A log in which nothing is understood, or that tells of no delivery, is no proof that nobody is forgotten.
func TestTakeCensus_notUnderstoodIsNotNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"odd": "20.11.2026;10:00;delivered;fax@a.test\nx\n", "empty": "",
		"door":    "2026-11-21 11:00:03 H=(x) [192.0.2.9] F=<s@x.example> rejected RCPT <guess@a.test>: Unknown user\n",
		"mainlog": "2026-11-20 10:00:01 1uXyZa-0003Kq-2f => anna@a.test R=r T=t\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for names, want := range map[string]string{"odd": `"20.11.2026;10:00;delivered;fax@a.test"`, "empty": "no line", "door": "(1) tells of a delivery",
		"door odd": "(3) tells of a delivery", "odd empty": "20.11.2026"} {
		var logs []string
		for _, name := range strings.Fields(names) {
			logs = append(logs, filepath.Join(dir, name))
		}
		sheet := filepath.Join(t.TempDir(), "recipients.csv")
		_, err := TakeCensus(t.Context(), sheet, newBook(), CensusOptions{Logs: logs}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v, want %s in it, and a hint", names, err, want)
		}
		if _, err := os.Stat(sheet); err == nil {
			t.Errorf("%s: got a sheet, want none", names)
		}
	}
	sheet := filepath.Join(t.TempDir(), "recipients.csv")
	census, err := TakeCensus(t.Context(), sheet, newBook(), CensusOptions{Logs: []string{dir}}, nil)
	if err != nil || census.Totals.Undecided != 0 || census.Outcome() != rehome.OutcomeWaiting || len(census.Logs.Unread) != 1 {
		t.Errorf("got %+v, %s, %v, want it to wait for the file that was not understood", census.Logs, census.Outcome(), err)
	}
	if _, err := TakeCensus(t.Context(), sheet, newBook(), CensusOptions{Messages: 1}, headersOf()); rehome.HintOf(err) == "" {
		t.Errorf("no message at all: got %v, want a hint", err)
	}
}
