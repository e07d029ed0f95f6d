// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"rehome/lab/operator"
)

// TestMeasure_everyTool runs every tool over a little mail, through TLS where a tool has to be told
// whom to trust, and once more with nothing to do.
func TestMeasure_everyTool(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "bench-") // t.TempDir is closed to the users that servers run as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	binary, err := operator.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Choose(Rows(), []string{
		"small/maildir/tls/0ms", "dsync/sdbox/2.4/never/one", "delta/sdbox/plain/0ms", "idle/mdbox/plain/0ms", "verify/sdbox/plain/0ms",
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		t.Run(rows[i].Key, func(t *testing.T) {
			options := Options{Binary: binary, Dir: dir, Runs: 1, Scale: 0.004, Patience: time.Minute, Log: t.Output()}
			if strings.HasPrefix(rows[i].Key, "delta/") {
				options.Before = binary
			}
			err := Measure(t.Context(), options, rows[i:i+1], func(result Result) error {
				switch kind, _, _ := strings.Cut(result.Key, "/"); kind {
				case "verify":
					judgeVerifications(t, result)
				case "dsync":
					judgeDsync(t, result)
				default:
					judge(t, result)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// judgeDsync wants a figure of every way to keep UIDs, which none has whose UIDs are others.
func judgeDsync(t *testing.T, result Result) {
	t.Helper()
	var names []string
	for _, c := range result.Contenders {
		names = append(names, c.Name)
		if len(c.Runs) != 1 || len(c.Failures) > 0 {
			t.Errorf("%s: got %d runs and failures %q, want one run", c.Name, len(c.Runs), c.Failures)
		}
	}
	want := "raw write by dsync, sessions: 1; bare sender, sessions: 4; raw copy by dsync, sessions: 1; bare copy that looks, sessions: 1; " +
		"rehome by dsync; doveadm backup to dsync-server; doveadm backup; rehome by IMAP"
	if got := strings.Join(names, "; "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// judgeVerifications wants the second comparison to read less than the first one, and the third as much.
func judgeVerifications(t *testing.T, result Result) {
	t.Helper()
	if len(result.Contenders) != 4 {
		t.Fatalf("got %d contenders, want 4", len(result.Contenders))
	}
	var read []float64 // MB
	for i, c := range result.Contenders {
		var n float64
		_, err := fmt.Sscanf(c.Note, "%f MB over both lines", &n)
		if compares := i > 0; len(c.Runs) != 1 || len(c.Failures) > 0 || compares && err != nil {
			t.Fatalf("%s: got %d runs, note %q, and failures %q", c.Name, len(c.Runs), c.Note, c.Failures)
		}
		read = append(read, n)
	}
	if read[2] >= read[1]/2 || read[3] < read[1] {
		t.Errorf("got %.1f MB at first, %.1f after changes, %.1f for all again", read[1], read[2], read[3])
	}
}

// judge wants a figure of everybody.
func judge(t *testing.T, result Result) {
	t.Helper()
	tools := map[string]bool{}
	for _, c := range result.Contenders {
		if len(c.Runs) != 1 || len(c.Failures) > 0 {
			t.Errorf("%s: got %d runs and failures %q, want one run", c.Name, len(c.Runs), c.Failures)
			continue
		}
		tools[c.Name] = true
		run := c.Runs[0]
		if run.Seconds <= 0 || run.ServerCPU[source] < 0 || run.Counted != result.Again || run.LogIns[source]+run.LogIns[destination] == 0 {
			t.Errorf("%s: got %+v, want a time, and round trips where nothing is to be done", c.Name, run)
		}
		if run.Counted && run.Trips[source] == 0 {
			t.Errorf("%s: got no round trip, want some", c.Name)
		}
	}
	wanted := []string{rehome, peer, "doveadm backup", "offlineimap"}
	if strings.HasPrefix(result.Key, "delta/") {
		wanted = []string{rehome, rehome + " before", peer}
	}
	for _, name := range wanted {
		if !tools[name] {
			t.Errorf("got no figure of %s", name)
		}
	}
	if _, found := result.limit(); found == result.Again {
		t.Errorf("got a raw limit: %v, want one unless nothing is copied", found)
	}
}
