// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// silence is an answer that never comes. One that does not end its line is cut there.
const silence = "silence"

// says is what a POP3 server answers, by command.
type says map[string]string

// usual is what it answers unless it says something else. No header helps: what the lists say has to be enough.
var usual = says{
	"CAPA": "+OK\r\nUSER\r\nUIDL\r\n.\r\n", "USER": "+OK\r\n", "PASS": "+OK\r\n", "STAT": "+OK 2 900\r\n",
	"LIST": "+OK\r\n1 450\r\n2 450\r\n.\r\n", "UIDL": "+OK\r\n1 a\r\n2 b\r\n.\r\n", "QUIT": "+OK\r\n",
}

// impostor is a POP3 server that greets, and answers each user as told.
type impostor struct {
	greeting string
	users    map[string]says
}

func (i impostor) serve(conn net.Conn) {
	defer conn.Close()
	if _, err := io.WriteString(conn, i.greeting); err != nil || !strings.HasSuffix(i.greeting, "\r\n") {
		return
	}
	user := ""
	for in := bufio.NewScanner(conn); in.Scan(); {
		verb, argument, _ := strings.Cut(in.Text(), " ")
		if verb == "USER" {
			user = argument
		}
		answer, own := i.users[user][verb]
		if !own {
			answer = usual[verb]
		}
		if answer == silence {
			continue
		}
		if _, err := io.WriteString(conn, answer); err != nil || !strings.HasSuffix(answer, "\r\n") {
			return
		}
	}
}

// hostility is what one account meets, and what the operator has to be told of it.
type hostility struct {
	says  says
	words string // "" for those of every failure
	lost  bool   // nobody can see that the lists lie: the messages go, and the operator is told that they lose their identifiers
}

func hostilities() map[string]hostility {
	return map[string]hostility{
		"hung":     {says: says{"UIDL": ""}, words: "EOF"},
		"cut":      {says: says{"LIST": "+OK\r\n1 4"}, words: "EOF"},
		"silent":   {says: says{"UIDL": silence}, words: "no answer in time"},
		"busy":     {says: says{"UIDL": "-ERR [SYS/TEMP] the index is being rebuilt\r\n"}, words: "the index is being rebuilt"},
		"denied":   {says: says{"PASS": "-ERR [AUTH] POP3 is not for you\r\n"}, words: "POP3 is not for you"},
		"jumping":  {says: says{"UIDL": "+OK\r\n1 a\r\n7 b\r\n2 c\r\n.\r\n"}, words: `UIDL with the line "2 c"`},
		"repeated": {says: says{"UIDL": "+OK\r\n1 a\r\n1 b\r\n.\r\n"}, words: `UIDL with the line "1 b"`},
		"endless":  {says: says{"UIDL": "+OK\r\n1 " + strings.Repeat("x", 1<<16)}, words: "a line of more than 8 KiB"},
		"shorter":  {says: says{"UIDL": "+OK\r\n1 a\r\n.\r\n"}, words: "UIDL"},
		"negative": {says: says{"LIST": "+OK\r\n1 -7\r\n2 450\r\n.\r\n", "STAT": "+OK -2 900\r\n"}, words: "cannot make sense of the server's answer"},
		"sizes":    {says: says{"LIST": "+OK\r\n1 999999999\r\n2 1\r\n.\r\n"}, lost: true},
		"double":   {says: says{"UIDL": "+OK\r\n1 a\r\n2 a\r\n.\r\n"}, lost: true},
	}
}

// told is what "sync --json" and "verify --json" say of one account.
type told struct {
	Account, Error, Hint string
	Findings             []toldFinding
}

type toldFinding struct {
	Account, Sentence string
	NextStep          string `json:"next_step"`
}

// wantPOP3 wants one error or finding to name POP3 and words, and its next step to hold step.
func (a told) wantPOP3(t *testing.T, command, words, step string) {
	t.Helper()
	said := func(sentence, next string) bool {
		return strings.Contains(sentence, "POP3") && strings.Contains(sentence, words) && strings.Contains(next, step)
	}
	for _, f := range a.Findings {
		if said(f.Sentence, f.NextStep) {
			return
		}
	}
	if !said(a.Error, a.Hint) {
		t.Errorf("%s: %s does not say %q of POP3, and what to do: %+v", a.Account, command, words, a)
	}
}

// wantTold runs a command that must end with one of codes, and returns what it says of each account.
func (m move) wantTold(codes string, args ...string) (all map[string]told) {
	m.t.Helper()
	o := m.Run(m.t, append(args, "--json")...)
	said := o.Out + o.Err
	if !strings.ContainsRune(codes, rune('0'+o.Code)) || strings.Contains(said, password) || len(said) > 2000*(len(m.people)+1) {
		m.t.Errorf("%v ended with %d\n%.3000s%.3000s", args, o.Code, o.Out, o.Err)
	}
	all = map[string]told{}
	answer := operator.Decode[struct {
		Accounts []told
		Findings []toldFinding // of a comparison
	}](m.t, o)
	for _, a := range answer.Accounts {
		for _, f := range answer.Findings {
			if f.Account == a.Account {
				a.Findings = append(a.Findings, f)
			}
		}
		name, _, _ := strings.Cut(a.Account, "@")
		all[name] = a
	}
	return all
}

// maildrops is a move to a destination that takes UIDs, whose POP3 server at the source is about to be another one.
type maildrops struct {
	move
	lab             *lab.Lab
	address, secret string // of dsync
	trust           *tls.Config
}

func (m maildrops) prepare(pop3 string) {
	m.t.Helper()
	opts := imappair.Options{Source: m.src.tls, Destination: m.dst.tls, People: m.people, Dsync: dsyncAt(m.address, m.secret),
		SourcePOP3: pop3, DestinationPOP3: m.dst.pop3, POP3Timeout: "3s"}
	if err := imappair.Prepare(m.lab, m.Dir, opts); err != nil {
		m.t.Fatal(err)
	}
}

// meet puts an impostor in front.
func (m maildrops) meet(i impostor) {
	m.t.Helper()
	m.prepare(listen(m.t, func(conn net.Conn) { i.serve(tls.Server(conn, m.trust)) }))
}

// of is the same move of other people, from its beginning.
func (m maildrops) of(people ...imappair.Person) maildrops {
	m.people, m.Operator = people, newOperator(m.t)
	return m
}

// Whatever stands behind source.pop3, nothing is lost or there twice, each command says what it was and what to do, and everybody else
// gets on. As soon as the server is well again, so are the accounts.
func TestUIDs_hostileMaildrop(t *testing.T) {
	t.Parallel()
	hostile := hostilities()
	people := []imappair.Person{person, {Address: "greeted@example.test", Password: password}}
	for name := range hostile {
		people = append(people, imappair.Person{Address: name + "@example.test", Password: password})
	}
	m := maildrops{lab: lab.Open(t)}
	src := startDovecot(t, m.lab, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, people...)
	dst, address, secret := startDsync(t, m.lab, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, people...)
	for _, p := range people {
		src.logIn(t, p).fill("INBOX", letters(2, 400, p.Address)...)
	}
	certFile, keyFile, err := m.lab.Issue("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	m.address, m.secret, m.trust = address, secret, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	m.move = move{t: t, src: src, dst: dst}
	m.of(people[1]).greetings(t)
	m.of(slices.DeleteFunc(people, func(p imappair.Person) bool { return p == people[1] })...).accounts(t, hostile)
}

// greetings are those of servers with which nobody gets as far as a log-in.
func (m maildrops) greetings(t *testing.T) {
	t.Helper()
	for greeting, words := range map[string]string{
		"": "EOF", strings.Repeat("x", 1<<20): "a line of more than 8 KiB", "* OK IMAP4 ready\r\n": `it begins with "* OK IMAP4 ready"`,
		"-ERR too many connections from you\r\n": "too many connections from you",
	} {
		m.meet(impostor{greeting: greeting})
		m.wantTold("56", "sync")["greeted"].wantPOP3(t, "sync", words, "POP3")
		m.wantTold("56", "verify", "--uids")["greeted"].wantPOP3(t, "verify", words, " ")
	}
	m.prepare(m.src.pop3)
	m.wantEqualAgain(2, m.people...)
}

// accounts are those of servers that let everybody in.
func (m maildrops) accounts(t *testing.T, hostile map[string]hostility) {
	t.Helper()
	i := impostor{greeting: "+OK ready\r\n", users: map[string]says{person.Address: m.honest()}}
	kept := []imappair.Person{person}
	for _, p := range m.people[1:] {
		name, _, _ := strings.Cut(p.Address, "@")
		i.users[p.Address] = hostile[name].says
		if !hostile[name].lost {
			kept = append(kept, p)
		}
	}
	m.meet(i)
	synced := m.wantTold("56", "sync")
	verified := m.wantTold("56", "verify", "--uids")
	for name, h := range hostile {
		step, there := "POP3", 0
		if h.lost {
			step, h.words, there = "", "lose their POP3 identifiers", 2
		}
		synced[name].wantPOP3(t, "sync", h.words, step)
		if !h.lost {
			verified[name].wantPOP3(t, "verify", h.words, " ")
		}
		if n := len(m.dst.logIn(t, imappair.Person{Address: name + "@example.test", Password: password}).texts("INBOX")); n != there {
			t.Errorf("%s: %d messages are there, want %d", name, n, there)
		}
	}
	m.wantMaildrop(m.lab, person)
	if o := m.Run(t, "clients", "forecast"); o.Code != 6 || !strings.Contains(o.Out, `run "rehome sync" first`) {
		t.Errorf("the forecast ended with %d\n%.3000s%.3000s", o.Code, o.Out, o.Err)
	}
	m.prepare(m.src.pop3)
	m.wantEqualAgain(2*len(m.people), kept...)
}

// honest is what POP3 really shows of the person.
func (m maildrops) honest() says {
	list := "+OK\r\n"
	for i, id := range m.src.maildrop(m.t, m.lab, person) {
		list += fmt.Sprintf("%d %s\r\n", i+1, id)
	}
	return says{"UIDL": list + ".\r\n"}
}

// wantEqualAgain wants the same commands to finish what they began, and the people to find the identifiers they know.
func (m maildrops) wantEqualAgain(messages int, kept ...imappair.Person) {
	m.t.Helper()
	m.wantTold("04", "sync")
	m.wantEqual(messages)
	args := []string{"verify", "--uids"}
	for _, p := range kept {
		m.wantMaildrop(m.lab, p)
		args = append(args, "--account", p.Address)
	}
	m.Want(m.t, 0, args...)
	m.Want(m.t, 6, "clients", "forecast")
}
