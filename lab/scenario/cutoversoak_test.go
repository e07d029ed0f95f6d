// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"rehome/lab/lmtp"
	"rehome/lab/operator"
)

// cutoverKills is how often a domain is killed on its way across and back. REHOME_SOAK raises it, REHOME_SEED repeats a run.
const cutoverKills = 3

func fromEnvironment(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		t.Fatalf("%s=%s: want a number", name, text)
	}
	return n
}

// A domain goes across and back, killed at random, until it was killed often enough: each set is written once on each way, the audit
// log is whole, and each message that has arrived at either end in between is at both ends once.
func testKilledAtRandom(t *testing.T, c *crossing) {
	const domain = "soak.test"
	o := c.move(t, domain)
	left, seed := int(fromEnvironment(t, "REHOME_SOAK", cutoverKills)), fromEnvironment(t, "REHOME_SEED", uint64(time.Now().UnixNano()>>10))
	t.Logf("REHOME_SOAK=%d REHOME_SEED=%d", left, seed)
	chance := rand.New(rand.NewPCG(seed, seed))
	messages := 1
	for way := 0; left > 0 || way%2 == 1; way++ {
		args, want, host := []string{"cutover", "run"}, "live", "10 mx1.new.test"
		if way%2 == 1 {
			args, want, host = []string{"cutover", "rollback", domain, "--yes"}, "rolled_back", "10 mail."+domain
		}
		before, _ := strconv.Atoi(c.serial(t, domain))
		for delivered := false; ; {
			killed := killAfter(t, o, time.Duration(chance.IntN(3000))*time.Millisecond, left > 0, args...)
			if killed {
				left--
			}
			status := operator.Decode[crossed](t, o.Run(t, "cutover", "status", "--json")).Domains[0]
			if status.State == want {
				break
			}
			if !killed {
				t.Fatalf("it has ended in %s: %+v", status.State, status)
			}
			if !delivered && status.State != "gates" && status.State != "" {
				delivered = true
				messages++
				at := map[bool]string{true: c.src.LMTP, false: c.dst.LMTP}[way%2 == 0]
				text := "From: x@out.test\r\nSubject: " + strconv.Itoa(way) + "\r\n\r\nx\r\n"
				if err := lmtp.Deliver(t.Context(), at, "x@out.test", "anna@"+domain, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
		}
		after, _ := strconv.Atoi(c.serial(t, domain))
		if got := c.standing(t, domain); after != before+2 || len(got) != 1 || got[0] != host {
			t.Fatalf("way %d: the zone was changed %d times, and MX is %q", way, after-before, got)
		}
		o.Want(t, 0, "audit", "check")
	}
	type verified struct {
		Accounts []struct {
			Verdict string
			Mail    struct{ Source, Destination struct{ Messages int } }
		}
	}
	got := operator.Answer[verified](t, o, 0, "verify")
	if len(got.Accounts) != 1 || got.Accounts[0].Mail.Source.Messages != messages {
		t.Errorf("got %+v, want %d messages at both ends", got, messages)
	}
}

// killAfter runs a command line and kills it after some time, if it is to be killed; killed reports whether it was.
func killAfter(t *testing.T, o operator.Operator, after time.Duration, kill bool, args ...string) (killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := o.Command(ctx, args...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if kill {
		timer := time.AfterFunc(after, func() { _ = command.Process.Kill() })
		defer timer.Stop()
	}
	_ = command.Wait() // it was killed, or the state says how it has ended
	return command.ProcessState.ExitCode() == -1
}
