// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestParseStat_forms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		group int
		used  time.Duration
	}{
		{"7 (imap) S 5 5 5 0 -1 4194560 9 0 0 0 11 22 300 400 20 0 1 0", 5, 7330 * time.Millisecond},
		{"7 (a) b) (c) R 5 6 5 0 -1 4194560 9 0 0 0 1 0 0 0 20 0 1 0", 6, 10 * time.Millisecond},
		{"7 (imap) S 5 5", 0, 0},
		{"", 0, 0},
	} {
		if group, used := parseStat([]byte(test.text)); group != test.group || used != test.used {
			t.Errorf("%q: got group %d with %v, want %d with %v", test.text, group, used, test.group, test.used)
		}
	}
}

func TestGroupCPU_ofThisProcess(t *testing.T) {
	t.Parallel()
	for begun := time.Now(); ownCPU() < 50*time.Millisecond && time.Since(begun) < 10*time.Second; {
		_, _ = parseStat(make([]byte, 1<<16)) // something to do
	}
	got, err := groupCPU(syscall.Getpgrp())
	if err != nil {
		t.Fatal(err)
	}
	if got < 20*time.Millisecond {
		t.Errorf("got %v for the group of this process, want what it has used", got)
	}
}

func TestEachMember_stopsAtAnError(t *testing.T) {
	t.Parallel()
	want := errors.New("no further")
	met := 0
	got := eachMember(syscall.Getpgrp(), func(int, time.Duration) error {
		met++
		return want
	})
	if !errors.Is(got, want) || met != 1 {
		t.Errorf("got %v behind %d processes", got, met)
	}
}

func TestPeakOctets_ofThisProcess(t *testing.T) {
	t.Parallel()
	if got := peakOctets(os.Getpid()); got < 1<<20 {
		t.Errorf("got a peak of %d octets, want more than a megabyte", got)
	}
	if got := parsePeak([]byte("Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t  12 kB\n")); got != 12<<10 {
		t.Errorf("got %d octets, want 12 KiB", got)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (imap) S 5 5 5 0 -1 4194560 9 0 0 0 11 22 300 400 20 0 1 0"))
	f.Add([]byte("Name:\tx\nVmHWM:\t  12 kB\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		parseStat(text)
		if peak := parsePeak(text); len(text) == 0 && peak != 0 {
			t.Errorf("got a peak of %d out of nothing", peak)
		}
	})
}
