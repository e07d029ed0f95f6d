// SPDX-License-Identifier: Apache-2.0

package rehome

import "testing"

func TestSplitName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"":                         {"", ""},
		"Anna":                     {"Anna", ""},
		"Anna Berg":                {"Anna", "Berg"},
		"Anna Maria Berg":          {"Anna Maria", "Berg"},
		"Berg, Anna":               {"Anna", "Berg"},
		"Berg, Dr. Anna":           {"Dr. Anna", "Berg"},
		"Berg, Dr.":                {"Dr.", "Berg"},
		"Anna Berg, MBA":           {"Anna", "Berg, MBA"},
		"Anna Berg, M.B.A., Ph.D.": {"Anna", "Berg, M.B.A., Ph.D."},
		"Berg, Anna, MBA":          {"Anna", "Berg, MBA"},
		"Dr. Anna Berg":            {"Dr. Anna", "Berg"},
		"Anna Berg PhD":            {"Anna", "Berg PhD"},
		"John Smith Jr.":           {"John", "Smith Jr."},
		"Henry Ford II":            {"Henry", "Ford II"},
		"Yo-Yo Ma":                 {"Yo-Yo", "Ma"},
		"Ludwig van Beethoven":     {"Ludwig", "van Beethoven"},
		"Maria de la Cruz":         {"Maria", "de la Cruz"},
		`"Anna Berg"`:              {"Anna", "Berg"},
		`"Berg, Anna"`:             {"Anna", "Berg"},
		"„Anna Berg“":              {"Anna", "Berg"},
		`Robert "Bob" Smith`:       {`Robert "Bob"`, "Smith"},
		"Peter O'Neill":            {"Peter", "O'Neill"},
		"  Anna   Berg ":           {"Anna", "Berg"},
		"Sales, Support, Service":  {"Sales, Support,", "Service"},
		"Berg, Anna, Dr.":          {"Anna", "Berg, Dr."},
		"田中 由紀":                    {"田中", "由紀"},
		`Joe "Jojo" O'Brien-Smith`: {`Joe "Jojo"`, "O'Brien-Smith"},
		"MBA":                      {"MBA", ""},
		"van Dam":                  {"van", "Dam"},
	} {
		if first, last := SplitName(name); first != want[0] || last != want[1] {
			t.Errorf("SplitName(%q) = %q, %q, want %q", name, first, last, want)
		}
	}
}
