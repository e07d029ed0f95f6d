// SPDX-License-Identifier: Apache-2.0

package alias_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/alias"
)

// crowd is one list with so many members, by a row for each and by one row with all, and as many aliases.
func crowd(n int, exist bool) alias.Input {
	input := alias.Input{Domains: []string{"example.com"}, Staying: map[string]string{}}
	var members []string
	for i := range n {
		person := fmt.Sprintf("person%d@example.com", i)
		if members = append(members, person); exist {
			input.Accounts = append(input.Accounts, person)
		}
		input.Aliases = append(input.Aliases,
			rehome.Alias{Name: "all@example.com", Kind: rehome.AliasLocal, Targets: []string{person}},
			rehome.Alias{Name: fmt.Sprintf("name%d@example.com", i), Kind: rehome.AliasLocal, Targets: []string{person}})
	}
	input.Aliases = append(input.Aliases, rehome.Alias{Name: "everybody@example.com", Kind: rehome.AliasDeliver, Targets: members})
	return input
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func writers(book *alias.Book, plan alias.Plan) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"csv": plan.WriteCSV, "text": plan.WriteText, "json": plan.WriteJSON,
		"postfix": func(w io.Writer) error { return book.WritePostfix(w, plan) },
		"exim":    func(w io.Writer) error { return book.WriteExim(w, plan) },
	}
}

// Twice the rows take twice the memory and make files of twice the size, also of a list with very many members.
func TestWriters_growWithTheRows(t *testing.T) { // alone: it looks at what the whole process allocates
	const rows = 2000
	for _, exist := range []bool{true, false} {
		size := map[string][2]float64{}
		for i, n := range []int{rows, 2 * rows} {
			book := alias.NewBook(crowd(n, exist))
			for name, write := range writers(book, book.Plan()) {
				var written counter
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if err := write(&written); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				sizes := size[name]
				sizes[i] = float64(written) + float64(after.TotalAlloc-before.TotalAlloc)
				size[name] = sizes
			}
		}
		for name, sizes := range size {
			if ratio := sizes[1] / sizes[0]; ratio > 2.6 {
				t.Errorf("%s, targets exist %t: twice the rows take %.1f times the octets", name, exist, ratio)
			}
		}
	}
}

// A list and its members are whole in the map, whichever way the source stores them.
func TestWritePostfix_rowsOfOneName(t *testing.T) {
	t.Parallel()
	book := alias.NewBook(crowd(50, true))
	plan := book.Plan()
	var text strings.Builder
	if err := book.WritePostfix(&text, plan); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		name, targets, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if n := len(strings.Split(targets, ", ")); (name == "all@example.com" || name == "everybody@example.com") && n != 50 {
			t.Errorf("%s has %d of 50 members", name, n)
		}
	}
	for _, line := range plan.Lines {
		if line.Name == "all@example.com" && len(line.Targets) != 1 {
			t.Fatalf("writing the map has changed the plan: %q", line.Targets)
		}
	}
}
