// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestChance_sameKeysSameAnswer(t *testing.T) {
	t.Parallel()
	c := Plan{Seed: 7}.Chance()
	if again := c.With("a", "b"); again != c.With("a", "b") || c.With("a", "b") == c.With("ab") || c.With("a").Nth(1) == c.With("a").Nth(2) {
		t.Error("a decision must hang on all of its keys and on nothing else")
	}
	hits := 0
	for n := range 10_000 {
		if c.With("x").Nth(n).Happens(0.3) {
			hits++
		}
	}
	if hits < 2800 || hits > 3200 {
		t.Errorf("%d of 10000 happened, want about 3000", hits)
	}
}

func TestPlan_offIsNever(t *testing.T) {
	t.Parallel()
	never, sometimes := 0, 0
	for seed := range uint64(1000) {
		if (Plan{Seed: seed, Off: map[string]bool{"x": true}}).Rate("x") > 0 {
			never++
		}
		if (Plan{Seed: seed}).Rate("x") > 0 {
			sometimes++
		}
		if always := (Plan{Seed: seed, Always: map[string]bool{"x": true}}); always.Rate("x") != 1 || !always.Has("x", 0) {
			t.Errorf("seed %d: a fault that always happens is off", seed)
		}
		if got := (Plan{Seed: seed, AtMost: map[string]int{"n": 2}}).Size("n", 0, 9); got > 2 {
			t.Errorf("seed %d: size %d above the limit 2", seed, got)
		}
	}
	if never != 0 || sometimes < 200 || sometimes > 300 {
		t.Errorf("%d runs with a fault that is off, %d with one that is on; want 0 and about 250", never, sometimes)
	}
}

func TestShrink_keepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	kind := Kind{Switches: []string{"a", "b", "c"}, Sizes: []string{"n", "m"}}
	play := func(p Plan) *Failure {
		if p.Off["b"] || p.Size("n", 5, 5) < 3 {
			return nil
		}
		return &Failure{Rule: "r"}
	}
	small, _ := Shrink(kind, Plan{Seed: 1}, play(Plan{Seed: 1}), play)
	if small.Off["b"] || !small.Off["a"] || !small.Off["c"] || small.AtMost["n"] != 3 || small.AtMost["m"] != 0 {
		t.Errorf("got %+v, want only b, and n at 3", small)
	}
}

// wire is a network with one server that writes down what it receives.
func wire(weather Weather, serve func(net.Conn, Line)) (*Network, net.Conn, error) {
	n := NewNetwork(func(Line) Weather { return weather })
	n.Serve("host", serve)
	client, err := n.Dialer("p")(context.Background(), "tcp", "host")
	return n, client, err
}

func TestNetwork_delayAndRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, client, err := wire(Weather{Delay: time.Second, Rate: 10}, func(c net.Conn, _ Line) {
			line, _ := bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, line)
		})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		_, _ = io.WriteString(client, "123456789\n")
		got, err := bufio.NewReader(client).ReadString('\n')
		if took := time.Since(begun); got != "123456789\n" || err != nil || took != 4*time.Second {
			t.Errorf("%q, %v after %v, want it back after 4s", got, err, took)
		}
		n.Close()
	})
}

func TestNetwork_whatAKilledProcessHasWrittenArrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []byte
		var after time.Duration
		begun := time.Now()
		n, client, err := wire(Weather{Delay: time.Second, Stall: Stall{After: 3, For: time.Minute}}, func(c net.Conn, _ Line) {
			heard, _ = io.ReadAll(c)
			after = time.Since(begun)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(client, "abc")
		_, _ = io.WriteString(client, "def")
		n.Kill("p", nil)
		if _, err := io.WriteString(client, "x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a dead process writes: %v", err)
		}
		if _, err := n.Dialer("p")(context.Background(), "tcp", "host"); err == nil {
			t.Error("a dead process dials")
		}
		time.Sleep(2 * time.Minute)
		n.Close()
		if string(heard) != "abcdef" || after != 61*time.Second {
			t.Errorf("the server heard %q until %v, want all of it, and the end after 61s", heard, after)
		}
	})
}

// That a server has closed a connection is heard of when word of it can be there: who writes at the same instant meets the same,
// whichever comes first.
func TestNetwork_theOtherEndHearsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, client, err := wire(Weather{Delay: time.Second}, func(net.Conn, Line) {})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := io.WriteString(client, "x"); err != nil {
			t.Errorf("a write at that instant: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := io.WriteString(client, "x"); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write later: %v, want a broken pipe", err)
		}
		n.Close()
	})
}

func TestNetwork_cuts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		weather Weather
		heard   string
		err     error
	}{
		"up":     {Weather{Up: &Cut{After: 4}}, "1234", syscall.ECONNRESET},
		"down":   {Weather{Down: &Cut{After: 0}}, "12345678", syscall.ECONNRESET},
		"silent": {Weather{Up: &Cut{After: 4, Silent: true}}, "1234", os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var heard []byte
				n, client, err := wire(test.weather, func(c net.Conn, _ Line) {
					buffer := make([]byte, 8)
					for len(heard) < 8 {
						k, err := c.Read(buffer)
						heard = append(heard, buffer[:k]...)
						if err != nil {
							return
						}
					}
					_, _ = io.WriteString(c, "ok")
					_, _ = c.Read(buffer)
				})
				if err != nil {
					t.Fatal(err)
				}
				_ = client.SetDeadline(time.Now().Add(time.Minute))
				_, _ = io.WriteString(client, "12345678")
				if _, err := client.Read(make([]byte, 8)); !errors.Is(err, test.err) {
					t.Errorf("the client reads %v, want %v", err, test.err)
				}
				synctest.Wait()
				n.Close()
				if string(heard) != test.heard {
					t.Errorf("the server heard %q, want %q", heard, test.heard)
				}
			})
		})
	}
}

// A run that leaves a goroutine behind fails, and the next one goes on.
func TestPlay_whatIsLeftBehindIsAFailure(t *testing.T) {
	t.Parallel()
	leak := Kind{Name: "leak", Run: func(Plan) *Failure {
		go func() { <-make(chan int) }()
		return nil
	}}
	if Play(t, leak, Plan{}) == nil {
		t.Error("a goroutine that never ends was not noticed")
	}
	fine := Kind{Name: "fine", Run: func(p Plan) *Failure { return &Failure{Rule: "r", Story: []string{"s"}} }}
	if f := Play(t, fine, Plan{}); f == nil || !slices.Equal(f.Story, []string{"s"}) {
		t.Errorf("got %v", f)
	}
}

// A run on a machine that works on other things is none that does not end.
func TestTooLong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		took, used time.Duration
		want       bool
	}{
		{longestRun, longestRun / 4, false}, {longestRun, 2 * longestRun, true}, {5 * longestRun, longestRun, false}, {longestWait, 0, true},
	} {
		if got := tooLong(test.took, test.used, 2); got != test.want {
			t.Errorf("%v on the clock, %v of the processors: %t, want %t", test.took, test.used, got, test.want)
		}
	}
	before := processorTime()
	for end := time.Now().Add(time.Minute); processorTime() == before; {
		if time.Now().After(end) {
			t.Fatal("the processors' time stands still")
		}
	}
}

// A fault whose name is misspelt is an error, and not one that never happens.
func TestUnknownFaults(t *testing.T) {
	t.Parallel()
	kind := Kind{Switches: []string{"ledger lost", "two ledgers"}}
	for list, want := range map[string]string{
		"": "[]", "two ledgers,ledger lost": "[]", "the ledger is lost,two ledgers": "[the ledger is lost]",
	} {
		if got := fmt.Sprint(unknownFaults(kind, list)); got != want {
			t.Errorf("%q: %s, want %s", list, got, want)
		}
	}
}
