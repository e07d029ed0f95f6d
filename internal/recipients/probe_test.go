// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/alias"
	"rehome/lab"
	"rehome/lab/postfix"
)

// asked collects the replies by address.
func asked(t *testing.T, p Probe, addresses []string) (map[string]Reply, error) {
	t.Helper()
	replies := map[string]Reply{}
	err := p.Ask(t.Context(), addresses, func(r Reply) { replies[r.Address] = r })
	return replies, err
}

func start(t *testing.T, l *lab.Lab, o postfix.Options) (*postfix.Server, Probe) {
	t.Helper()
	s, err := postfix.Start(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, Probe{Host: Host{Name: s.SMTP, Address: s.SMTP}, Name: "probe.lab.test", Timeout: 20 * time.Second, Pause: time.Millisecond,
		Later: 10 * time.Millisecond}
}

// The map is the one that an export writes; the destination has been set up with three mistakes.
func TestProbe_findsTheMismatchesAndTripsNoLimit(t *testing.T) {
	t.Parallel()
	input := alias.Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test", "bob@a.test"},
		Abilities: alias.Abilities{CatchAll: alias.Yes, Domain: alias.Yes, Outside: alias.Yes, Several: alias.Yes}}
	for i := range 30 {
		input.Aliases = append(input.Aliases, rehome.Alias{Name: fmt.Sprintf("alias%02d@a.test", i), Kind: rehome.AliasLocal,
			Targets: []string{"anna@a.test"}})
	}
	book := alias.NewBook(input)
	var seen []Recipient
	for i := range 15 {
		seen = append(seen, Recipient{Address: fmt.Sprintf("old%02d@a.test", i), State: Decided, Decision: Drop})
	}
	seen = append(seen, Recipient{Address: "fax@a.test", State: Undecided}, Recipient{Address: "jobs@a.test", State: Decided, Decision: Keep})
	var virtual strings.Builder
	if err := book.WritePostfix(&virtual, book.Plan()); err != nil {
		t.Fatal(err)
	}
	table := strings.Replace(virtual.String(), "alias07@a.test", "forgotten@a.test", 1) + "old03@a.test anna@a.test\n"
	l := lab.Open(t)
	s, probe := start(t, l, postfix.Options{
		Domains: []string{"a.test"}, Accounts: []string{"anna@a.test", "bob@a.test"}, Virtual: table, TLS: true,
		Settings: map[string]string{"smtpd_soft_error_limit": "5", "smtpd_hard_error_limit": "6", "smtpd_recipient_limit": "10",
			"smtpd_junk_command_limit": "25", "smtpd_client_connection_count_limit": "1"},
	})
	probe.TLS, probe.StartTLS = l.ClientTLS("localhost"), true
	wants := Wants(book, seen)
	var addresses []string
	for _, want := range wants {
		addresses = append(addresses, want.Address)
	}
	replies, err := asked(t, probe, append([]string{Unlikely("a.test")}, addresses...))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	parity := Compare(wants, []Asked{{Host: s.SMTP, Replies: replies}})
	for _, line := range parity.Lines {
		if line.Agreement != Agrees {
			got = append(got, string(line.Agreement)+" "+line.Address)
		}
	}
	if want := []string{"missing alias07@a.test", "missing jobs@a.test", "extra old03@a.test", "open fax@a.test"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := parity.Totals, (ParityTotals{Agrees: 45, Missing: 2, Extra: 1, Open: 1, All: 49}); got != want {
		t.Errorf("got totals %+v, want %+v", got, want)
	}
	log, err := s.Log(" quit=1 ")
	if err != nil {
		t.Error(err)
	}
	log = strings.ReplaceAll(log, "lost connection after CONNECT", "") // the lab's own look at the port
	if strings.Contains(log, "too many") || strings.Contains(log, "lost connection") || strings.Contains(log, "data=") {
		t.Errorf("got a limit tripped, a connection left hanging or a DATA:\n%s", log)
	}
	if !strings.Contains(log, "helo=<probe.lab.test>") {
		t.Errorf("got no EHLO name in the log:\n%s", log)
	}
}

func TestProbe_waitsWhenAskedTo(t *testing.T) {
	t.Parallel()
	s, probe := start(t, lab.Open(t), postfix.Options{
		Domains: []string{"a.test"}, Accounts: []string{"anna@a.test", "bob@a.test", "eva@a.test"},
		Settings: map[string]string{"smtpd_client_recipient_rate_limit": "2", "anvil_rate_time_unit": "3s"},
	})
	told := 0
	probe.Told = func(string) { told++ }
	probe.Later, probe.Rounds = 4*time.Second, 3
	replies, err := asked(t, probe, []string{"anna@a.test", "bob@a.test", "eva@a.test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"anna@a.test", "bob@a.test", "eva@a.test"} {
		if replies[address].Answer != Accepted {
			t.Errorf("%s: got %+v, want it accepted", address, replies[address])
		}
	}
	if told == 0 {
		log, err := s.Log(" quit=1 ")
		t.Errorf("got no word about the limit, want the probe to have waited; %v, log:\n%s", err, log)
	}
}

func TestProbe_stopsWhenTheHostHasEnough(t *testing.T) {
	t.Parallel()
	_, probe := start(t, lab.Open(t), postfix.Options{
		Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}, Settings: map[string]string{"smtpd_client_connection_rate_limit": "1"},
	})
	probe.PerConnection, probe.Rounds = 1, 2
	replies, err := asked(t, probe, []string{"anna@a.test", "bob@a.test", "eva@a.test"})
	if err != nil {
		t.Fatal(err)
	}
	// The port that answered when the server started was a connection too.
	for address, reply := range replies {
		if address != "anna@a.test" && (reply.Answer != NotAsked || !strings.Contains(reply.Server, "too many connections")) {
			t.Errorf("%s: got %+v, want it not asked, with the host's words", address, reply)
		}
	}
	if len(replies) != 3 {
		t.Errorf("got %d replies, want 3", len(replies))
	}
}

func TestProbe_sparesADomainThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, probe := start(t, lab.Open(t), postfix.Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}})
	addresses := []string{}
	for i := range 12 {
		addresses = append(addresses, fmt.Sprintf("x%02d@b.test", i))
	}
	replies, err := asked(t, probe, append(addresses, "anna@a.test"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := replies["x04@b.test"].Answer, Refused; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := replies["x05@b.test"].Answer, NotAsked; got != want {
		t.Errorf("got %q after five refusals by policy, want %q", got, want)
	}
	if got, want := replies["anna@a.test"].Answer, Accepted; got != want {
		t.Errorf("got %q for the other domain, want %q", got, want)
	}
}
