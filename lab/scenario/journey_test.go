// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// movingMessages counts what the sample organisation holds in accounts that move.
func (s *testSetup) movingMessages() int {
	n := 0
	for _, p := range s.Organisation.People {
		if p.LogsIn() {
			n += p.Count().Messages
		}
	}
	return n
}

func TestJourney_sampleOrganisation(t *testing.T) {
	t.Parallel()
	s := set(t, 0.1)
	s.watch = newWatch()
	s.wantNext("rehome check")
	s.want(0, "config", "check", "--secrets")
	before := s.want(0, "check")
	if !strings.Contains(before.out, "expected before accounts.csv is imported") {
		t.Errorf("check before the import:\n%s", before.out)
	}
	s.wantNext("rehome cutover plan")
	s.provision()
	s.want(0, "check")

	total, planted := s.movingMessages(), len(s.Organisation.Planted)
	first := answer[synced](s, 6, "sync")
	if copied, _, _, failed := first.totals(); copied != total-planted || failed != planted {
		t.Errorf("copied %d of %d, %d refused, want all but %d", copied, total, failed, planted)
	}
	s.wantMoved()
	s.wantOnlyPlanted(answer[verified](s, 5, "report"))

	second := answer[synced](s, 6, "sync")
	if copied, adopted, unchanged, failed := second.totals(); copied != 0 || adopted != 0 || unchanged != total-planted || failed != planted {
		t.Errorf("second pass: copied %d, adopted %d, unchanged %d, failed %d", copied, adopted, unchanged, failed)
	}
	one := s.want(0, "sync", "--account", "bjorn@example.com")
	if !strings.Contains(one.out, "nothing to do") {
		t.Errorf("a pass with nothing to do says:\n%s", one.out)
	}
	s.wantWaves("bjorn@example.com", s.Organisation.Planted[0].Address)
	next := s.wantNext("rehome cutover plan")
	if states := next.states(); states["accounts"] != "ready" && states["accounts"] != "done" || states["check"] != "done" || states["proof"] == "done" {
		t.Errorf("with messages that were refused: %+v", next.Steps)
	}
	status := s.want(0, "status")
	for _, p := range s.Organisation.People {
		if p.LogsIn() && !strings.Contains(status.out, p.Address) {
			t.Errorf("status does not name %s", p.Address)
		}
	}
	s.wantDescribed(t, "config check", "config sample", "version", "explain", "check", "accounts list", "accounts plan", "accounts settings",
		"aliases export", "sync --plan", "sync", "verify", "report", "status", "next", "rules plan", "rules export", "findings list", "secrets purge",
		"wave status")
	s.wantHidden(s.secrets())
}

// itinerary is the promised part of "next --json".
type itinerary struct {
	Steps []struct{ Name, State, Sentence string }
	Next  *struct{ Step, Sentence, Command string }
}

func (i itinerary) states() map[string]string {
	states := map[string]string{}
	for _, s := range i.Steps {
		states[s.Name] = s.State
	}
	return states
}

// wantNext asks what to do now.
func (s *testSetup) wantNext(command string) itinerary {
	s.t.Helper()
	got := answer[itinerary](s, 0, "next")
	if got.Next == nil || got.Next.Command != command {
		s.t.Errorf("next is %+v, want %s", got.Next, command)
	}
	return got
}

// The process is killed at random moments of the copy, again and again; the same command goes on,
// and in the end nothing is missing and nothing is there twice.
func TestJourney_killedAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := set(t, 0.2)
	s.provision()
	s.settle()
	quick := s.paced("500kB")
	chance := rand.New(rand.NewPCG(11, 13))
	for range 8 {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond+time.Duration(chance.IntN(2500))*time.Millisecond)
		err := s.Command(ctx, "sync", "--quiet").Run() // SIGKILL when ctx ends
		if ctx.Err() == nil && err == nil {
			t.Error("sync ended as if no message was too large")
		}
		cancel()
		if run := s.watchAfter(); run.State != "died" && run.State != "none" {
			t.Errorf("a process that was killed is shown as %q", run.State)
		}
	}
	quick()
	s.want(6, "sync")
	s.wantMoved()
	second := answer[synced](s, 6, "sync")
	if copied, adopted, _, _ := second.totals(); copied+adopted != 0 {
		t.Errorf("a pass after the last one copied %d and adopted %d", copied, adopted)
	}
}

// paced lets no more octets per second through at each end, so that a copy lasts however fast the machine is, until quick is called.
func (s *testSetup) paced(octets string) (quick func()) {
	limits := "\nlimits: {bytes_per_second: " + octets + "}\n"
	s.edit(func(text string) string { return text + limits })
	return func() { s.edit(func(text string) string { return strings.TrimSuffix(text, limits) }) }
}

// Ctrl-C ends the copy in order, says how to go on, and loses nothing.
func TestJourney_interrupted(t *testing.T) {
	t.Parallel()
	s := set(t, 0.2)
	s.provision()
	quick := s.paced("1MB")
	command := s.Command(context.Background(), "sync")
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	watching := s.watchBeside()
	time.Sleep(1500 * time.Millisecond) // somewhere in the middle; any moment must do
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("an interrupted sync must not look complete")
	}
	if code := command.ProcessState.ExitCode(); code != 5 {
		t.Errorf("exit code %d, want 5\n%s", code, out.String())
	}
	if shown, own := watching(), progressOf(out.String()); own == "" || shown != own {
		t.Errorf("watch shows %q, and sync itself %q\n%s", shown, own, out.String())
	}
	const left = `no sync is running; "rehome sync" continues`
	if status := s.want(0, "status"); !strings.Contains(status.out, left) {
		t.Errorf("status does not say that accounts are left:\n%s", status.out)
	}
	quick()
	s.want(6, "sync")
	s.wantMoved()
	if status := s.want(0, "status"); strings.Contains(status.out, left) {
		t.Errorf("status says that accounts are left:\n%s", status.out)
	}
}
