// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func chain(n int) []AuditLine {
	lines := make([]AuditLine, n)
	before := ""
	for i := range lines {
		lines[i] = AuditLine{Line: int64(i + 1), At: time.Unix(int64(3000+i), 0).UTC(), Who: "ada", Action: "account synced", Object: "anna@example.test",
			After: "2 messages copied"}
		lines[i].Digest = lines[i].ChainedTo(before)
		before = lines[i].Digest
	}
	return lines
}

func listed(lines []AuditLine) iter.Seq2[AuditLine, error] {
	return func(yield func(AuditLine, error) bool) {
		for _, line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// Whatever is done to a log but at its end, the check names the first line that is not where it was.
func TestCheckChain_namesTheLine(t *testing.T) {
	t.Parallel()
	if last, err := CheckChain(listed(nil)); err != nil || last.Line != 0 {
		t.Errorf("an empty log: %+v, %v", last, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 12).Draw(t, "lines")
		lines := chain(n)
		if last, err := CheckChain(listed(lines)); err != nil || last != lines[n-1] {
			t.Fatalf("as it was written: %+v, %v", last, err)
		}
		at := rapid.IntRange(0, n-2).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "damage") {
		case 0:
			lines = slices.Delete(lines, at, at+1)
		case 1:
			lines[at], lines[at+1] = lines[at+1], lines[at]
		case 2:
			lines[at].After = "3 messages copied"
		case 3:
			lines = slices.Insert(lines, at, lines[at])
			at++ // the first of the two stands where it stood
		case 4: // one in its place, as if it had been written so
			lines[at].Who, lines[at].Digest = "eve", ""
			before := ""
			if at > 0 {
				before = lines[at-1].Digest
			}
			lines[at].Digest = lines[at].ChainedTo(before)
			at++ // it fits, and what follows does not
		}
		var broken *BrokenChainError
		if _, err := CheckChain(listed(lines)); !errors.As(err, &broken) || broken.Line != int64(at+1) {
			t.Fatalf("got %v, want line %d", err, at+1)
		}
	})
}

// A clock that was set back between two lines is no damage.
func TestCheckChain_clockSetBack(t *testing.T) {
	t.Parallel()
	lines := chain(2)
	lines[1].At = lines[0].At.Add(-time.Hour)
	lines[1].Digest = lines[1].ChainedTo(lines[0].Digest)
	if last, err := CheckChain(listed(lines)); err != nil || last != lines[1] {
		t.Errorf("got %+v, %v", last, err)
	}
}

// The texts of two fields are never taken for those of two others.
func TestChainedTo_keepsFieldsApart(t *testing.T) {
	t.Parallel()
	a, b := AuditLine{Object: "a", Before: "bc"}, AuditLine{Object: "ab", Before: "c"}
	if a.ChainedTo("") == b.ChainedTo("") {
		t.Error("the same digest")
	}
}
