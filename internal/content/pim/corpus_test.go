// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns the sample objects by file name.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 40 {
		tb.Fatalf("testdata holds %d files, %v", len(files), err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		found[filepath.Base(file)] = data
	}
	return found
}

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func kindOfFile(name string) Kind {
	switch {
	case strings.HasSuffix(name, ".vcf"):
		return KindContact
	case strings.HasSuffix(name, ".ics"):
		return KindCalendar
	}
	return KindUnknown
}

func codesOf(problems []Problem) string {
	var codes []string
	for _, problem := range problems {
		mark := ""
		if problem.Repairable {
			mark = "!"
		}
		codes = append(codes, string(problem.Code)+mark)
	}
	return strings.Join(codes, " ")
}
