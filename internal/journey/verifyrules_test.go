// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/people"
	"rehome/internal/protocol/managesieve"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/cyrus"
)

// verified compares both ends and returns the answer of the one account.
func verified(t *testing.T, move *Move, only ...rehome.Kind) (verify.Account, verify.Document) {
	t.Helper()
	document, err := move.Verify(t.Context(), people.Choice{}, VerifyOptions{Level: verify.LevelFull, Only: only}, conductor.NewProgress())
	if err != nil || len(document.Accounts) != 1 {
		t.Fatalf("%+v, %v", document, err)
	}
	return document.Accounts[0], document
}

// state renders what is said of the rules: each difference, and whether somebody changed it since.
func state(a verify.Account) string {
	if a.Rules == nil {
		return "none"
	}
	var all []string
	for _, d := range a.Rules.Differences {
		word := d.Script + " " + string(d.State)
		if d.Since {
			word += " since"
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

// What somebody does to the rules at a real destination is named as that; what is other by design is no difference.
func TestVerify_rules(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"Dovecot", "Cyrus"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			settings, dst := twoEnds(t)
			address := dst.Sieve
			if at == "Cyrus" {
				server, err := cyrus.Start(lab.Open(t), cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: "secret"}}})
				if err != nil {
					t.Fatal(err)
				}
				settings.Destination.IMAP.Address, settings.Destination.Sieve.Address, address = server.IMAP, server.Sieve, server.Sieve
			}
			verifyRulesAt(t, settings, address)
		})
	}
}

func verifyRulesAt(t *testing.T, settings config.Config, address string) {
	t.Helper()
	move := open(t, settings)
	if a, _ := verified(t, move); a.Verdict != verify.Differs || state(a) != "main missing_script" {
		t.Fatalf("before the copy: %s, %s", a.Verdict, state(a))
	}
	if _, err := move.Sync(t.Context(), people.Choice{}, SyncOptions{}, Watcher{Progress: conductor.NewProgress()}); err != nil {
		t.Fatal(err)
	}
	a, _ := verified(t, move)
	if a.Verdict != verify.Equal || len(a.Rules.Scripts) != 1 || a.Rules.Scripts[0].State != verify.RuleEqual ||
		a.Rules.Scripts[0].Sentence != "names of mailboxes or scripts in it are the destination's" || a.Rules.Destination.Active != "main" {
		t.Fatalf("as it was copied: %s, %+v", a.Verdict, a.Rules)
	}
	there := sieveClient(t, address)
	act := func(steps ...error) {
		t.Helper()
		for _, err := range steps {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	wantRules := func(what, want string) {
		t.Helper()
		if a, _ := verified(t, move); state(a) != want || (a.Verdict == verify.Equal) != (want == "") {
			t.Errorf("%s: got %s, %s, want %s", what, a.Verdict, state(a), want)
		}
	}
	text, err := there.GetScript(t.Context(), "main")
	act(err, there.PutScript(t.Context(), "main", "# in other words\r\n"+text))
	wantRules("a comment was added", "")
	act(there.PutScript(t.Context(), "main", "require \"fileinto\"; fileinto \"INBOX\";\r\n"))
	wantRules("a rule was changed", "main changed_script since")
	wantAccepted(t, move)
	act(there.PutScript(t.Context(), "main", "discard;\r\n"))
	wantRules("it was changed again", "main changed_script since")
	act(there.PutScript(t.Context(), "main", text), there.SetActive(t.Context(), ""))
	wantRules("it was switched off", "main inactive_script since")
	act(there.PutScript(t.Context(), "own", "discard;\r\n"), there.SetActive(t.Context(), "own"))
	wantRules("another runs", "main inactive_script since, own extra_script")
	deleteScript(t, address, "main")
	wantRules("it was deleted", "main missing_script since, own extra_script")
	act(there.PutScript(t.Context(), "other name", text), there.SetActive(t.Context(), "other name"))
	wantRules("it is there under another name", "")
	wantUnknownRules(t, settings)
}

// deleteScript does what rehome never does.
func deleteScript(t *testing.T, address, name string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(time.Minute))
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + anna + "\x00secret"))
	lines := bufio.NewScanner(connection)
	for _, command := range []string{"", `AUTHENTICATE "PLAIN" "` + plain + `"`, `DELETESCRIPT "` + name + `"`} {
		if command != "" {
			fmt.Fprintf(connection, "%s\r\n", command)
		}
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "OK") {
			if strings.HasPrefix(lines.Text(), "NO") {
				t.Fatalf("%s: %s", command, lines.Text())
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// wantAccepted accepts what is open, and takes the answer back behind it.
func wantAccepted(t *testing.T, move *Move) {
	t.Helper()
	found, err := move.Differences(t.Context(), people.Choice{})
	if err != nil || len(found.Open) != 1 || found.Open[0].What != "changed_script" || found.Open[0].Place != "rules" {
		t.Fatalf("%+v, %v", found, err)
	}
	if _, err := move.Accept(t.Context(), AcceptOptions{IDs: []string{found.Open[0].ID}, By: "Ada", Reason: "its user wants it"}); err != nil {
		t.Fatal(err)
	}
	a, document := verified(t, move)
	if a.Verdict != verify.Equal || len(a.Accepted) != 1 || state(a) != "" || document.Outcome() != rehome.OutcomeDone {
		t.Errorf("accepted: %s, %+v", a.Verdict, a)
	}
}

// An end that does not say what it has is unknown, and the rest is compared all the same.
func wantUnknownRules(t *testing.T, settings config.Config) {
	t.Helper()
	for name, change := range map[string]func(*config.Config){
		"no answer at the destination": func(c *config.Config) { c.Destination.Sieve.Address = "127.0.0.1:1" },
		"no answer at the source":      func(c *config.Config) { c.Source.Sieve.Address = "127.0.0.1:1" },
	} {
		changed := settings
		change(&changed)
		move := open(t, changed)
		a, document := verified(t, move)
		named := false
		for _, f := range document.Findings {
			named = named || f.Code == "rules_not_verified" && f.Account == anna
		}
		if a.Verdict != verify.Unknown || a.Rules != nil || a.Mail == nil || !named || document.Outcome() == rehome.OutcomeDone {
			t.Errorf("%s: %s, %+v, %+v", name, a.Verdict, a, document.Findings)
		}
		_ = move.Close()
	}
	settings.Destination.Sieve.Address = ""
	move := open(t, settings)
	if a, _ := verified(t, move, rehome.KindMail); a.Rules != nil || a.Verdict != verify.Equal {
		t.Errorf("rules were not asked for: %+v", a)
	}
	_, err := move.Verify(t.Context(), people.Choice{}, VerifyOptions{Only: []rehome.Kind{rehome.KindRules}}, conductor.NewProgress())
	if rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("rules were asked for, and the settings name no server: %v", err)
	}
	_ = move.Close()
}

// A script that replies or forwards may be off: it is said, and is no difference until it was switched on.
func TestVerify_rulesThatWait(t *testing.T) {
	t.Parallel()
	settings, dst := twoEnds(t)
	from, err := managesieve.Dial(t.Context(), managesieve.Options{Address: settings.Source.Sieve.Address, Security: settings.Source.Sieve.TLS})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, step := range []func() error{
		func() error { return from.Authenticate(t.Context(), "", anna, "secret") },
		func() error { return from.PutScript(t.Context(), "main", "redirect \"bert@example.test\";\r\n") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	move := open(t, settings)
	for _, options := range []SyncOptions{{}, {Rules: RuleOptions{SwitchOn: true}}} {
		if _, err := move.Sync(t.Context(), people.Choice{}, options, Watcher{Progress: conductor.NewProgress()}); err != nil {
			t.Fatal(err)
		}
		a, document := verified(t, move, rehome.KindRules)
		said := 0
		for _, f := range document.Findings {
			if f.Code == "rules_off_until_switch" {
				said++
			}
		}
		want, told := verify.RuleWaiting, 1
		if options.Rules.SwitchOn {
			want, told = verify.RuleEqual, 0
		}
		if a.Verdict != verify.Equal || a.Rules.Scripts[0].State != want || said != told {
			t.Errorf("%+v: %s, %+v, said %d times", options.Rules, a.Verdict, a.Rules, said)
		}
	}
	if err := sieveClient(t, dst.Sieve).SetActive(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if a, _ := verified(t, move, rehome.KindRules); state(a) != "main inactive_script since" {
		t.Errorf("it was switched off at the destination: %s", state(a))
	}
}
