// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/bench"
	"rehome/lab/corpus"
	"rehome/lab/operator"
	"rehome/lab/proof"
)

// What a process may need for a calendar of 10,000 objects, and for a contact whose photo has 20 MB, which are 28 MB as
// they are written: those octets are held twice, as they are and unfolded, or of both ends. With what the program itself takes that is 94 to
// 97 MiB; one that held them a third time would take 120.
const (
	most        int64 = 96 << 20
	mostOfPhoto int64 = 104 << 20
	photoOctets       = 20 << 20

	program int64 = 32 << 20 // the binary, its stacks and what SQLite keeps
)

// The destination holds most of the calendar already, in its tables, as after a lost ledger: all of it is listed
// and compared, and only some has to be written.
func TestMemory_calendarOf10000Objects(t *testing.T) {
	t.Parallel()
	const objects, missing = 10_000, 300
	person := corpus.PIMPerson(host, password, 0, objects)
	before := bare(person)
	before.Calendars = slices.Clone(before.Calendars)
	before.Calendars[0].Resources = before.Calendars[0].Resources[missing:]
	l := lab.Open(t)
	dst, err := atmail7.Start(l, atmail7.Options{Name: "destination"})
	must(t, err)
	must(t, corpus.SeedPerson(t.Context(), dst, before))
	wantPeak(t, l, person, dst.DAV, objects, most)
}

func TestMemory_photoOf20MB(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(host, password, 1, 0)
	person.AddressBooks[0].Resources = append(person.AddressBooks[0].Resources, corpus.PhotoContact(photoOctets))
	l := lab.Open(t)
	wantPeak(t, l, person, destination(t, l, corpus.Cyrus, []corpus.Person{person}), 2, mostOfPhoto)
}

// wantPeak moves the person and looks at the memory of each command.
func wantPeak(t *testing.T, l *lab.Lab, person corpus.Person, dst string, objects int, most int64) {
	t.Helper()
	people := []corpus.Person{person}
	src := source(t, l, people) // with a column wide enough: a MEDIUMBLOB holds 16 MB
	d := newOperator(t, people, src.IMAP, src.DAV, dst, "")
	said := ""
	for _, args := range [][]string{{"sync", "--json", "--only", "contacts,calendars"}, {"verify", "--json"}} {
		var peak int64
		peak, said = peakOf(t, d.Operator, args...)
		t.Logf("rehome %s needed %d MiB", args[0], peak>>20)
		if peak > most && args[0] == "verify" { // how late the collector comes by on a busy machine is not what is asked
			live := liveOf(t, d.Operator, append(args, "--reread")...)
			t.Logf("rehome verify held %d MiB when it read all of it again", live>>20)
			peak = program + 2*live
		}
		if peak > most {
			t.Errorf("rehome %s needed %d MiB, want at most %d", args[0], peak>>20, most>>20)
		}
	}
	proof.Both(t, d.Operator, d.accounts())
	verdicts, _ := decoded[verified](t, said).all(t)
	if n := verdicts[pim.StateIdentical] + verdicts[pim.StateEqual] + verdicts[pim.StateCosmetic]; n != objects {
		t.Errorf("%d of %d objects are as at the source: %v", n, objects, verdicts)
	}
}

// peakOf runs a command line, which must end well, and returns the most memory that it had, and
// what it said.
func peakOf(t *testing.T, d operator.Operator, args ...string) (peak int64, said string) {
	t.Helper()
	command := d.Command(t.Context(), args...)
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	must(t, command.Start())
	stop := bench.WatchPeak(command.Process.Pid)
	err := command.Wait()
	peak = stop()
	if err != nil {
		t.Fatalf("rehome %v: %v\n%.3000s", args, err, errors.String())
	}
	return peak, out.String()
}

// collected is a line of the collector's trace: the heap at its beginning and its end, and what of it lives.
var collected = regexp.MustCompile(`(?m)^gc \d+ .* \d+->\d+->(\d+) MB`)

// liveOf runs a command line, which must end well, and returns the most memory that was in use after a collection. The collector lets
// the heap grow to twice that, if it comes in time.
func liveOf(t *testing.T, d operator.Operator, args ...string) (most int64) {
	t.Helper()
	command := d.Command(t.Context(), args...)
	command.Env = append(command.Environ(), "GODEBUG=gctrace=1")
	var errors bytes.Buffer
	command.Stderr = &errors
	if err := command.Run(); err != nil {
		t.Fatalf("rehome %v: %v\n%.3000s", args, err, errors.String())
	}
	lines := collected.FindAllStringSubmatch(errors.String(), -1)
	if len(lines) == 0 {
		t.Fatalf("the collector has not said anything:\n%.3000s", errors.String())
	}
	for _, line := range lines {
		live, err := strconv.ParseInt(line[1], 10, 64)
		must(t, err)
		most = max(most, live<<20)
	}
	return most
}
