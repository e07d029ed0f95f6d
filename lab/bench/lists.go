// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rehome/lab"
	"rehome/lab/atmail7"
)

// listsRow is every list of people and addresses, at a source with very many of both.
func listsRow() Row {
	return Row{
		Key: "lists/100k", Work: "lists of 100,000 accounts, 100,000 aliases and 10,000 forwards", Destination: "files", Line: "a database, 0 ms",
		standard: true,
		open: func(ctx context.Context, dir string, options Options) (scene, error) {
			return openLists(ctx, dir, options)
		},
	}
}

const (
	listsRows = 100_000
	oneList   = 10 // every tenth alias is a member of one list
)

// listsScene is the database of an atmail 7 whose people exist only in it, and a log of its mail server.
type listsScene struct {
	lab     *lab.Lab
	src     *atmail7.Server
	options Options
	log     string
	rows    int
}

func openLists(ctx context.Context, dir string, options Options) (_ *listsScene, err error) {
	s := &listsScene{options: options, log: filepath.Join(dir, "mainlog"), rows: options.scaled(listsRows, 100)}
	if s.lab, err = lab.New(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.lab.Close())
		}
	}()
	if s.src, err = atmail7.Start(s.lab, atmail7.Options{NoDAV: true}); err != nil {
		return nil, err
	}
	if err := s.fill(ctx); err != nil {
		return nil, err
	}
	return s, s.writeLog()
}

// fill has the database itself make the rows: MariaDB's table of a sequence (its manual, "Sequence Storage Engine").
func (s *listsScene) fill(ctx context.Context) error {
	count := fmt.Sprintf("seq_1_to_%d", s.rows)
	for _, statement := range []string{
		"INSERT INTO UserSession (Account, Password) SELECT CONCAT('person', seq, '@example.test'), CONCAT('Secret-', seq, '-word') FROM " + count,
		"INSERT INTO Users (Account, MailDir, Forward) SELECT CONCAT('person', seq, '@example.test'), '/nowhere', " +
			"IF(seq % 10 = 0, CONCAT('person', seq - 1, '@example.test'), NULL) FROM " + count,
		"INSERT INTO UserSettings (Account, RealName) SELECT CONCAT('person', seq, '@example.test'), CONCAT('Person ', seq) FROM " + count,
		fmt.Sprintf("INSERT INTO MailAliases (AliasName, AliasTo) SELECT "+
			"IF(seq %% %d = 0, 'everybody@example.test', CONCAT('name', seq, '@example.test')), "+
			"CONCAT('person', seq, '@example.test') FROM %s", oneList, count),
	} {
		if _, err := s.src.DB().ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("fill the database: %w", err)
		}
	}
	return nil
}

// writeLog writes a log of Exim in which every address receives a message.
func (s *listsScene) writeLog() error {
	var text strings.Builder
	for i := range s.rows {
		fmt.Fprintf(&text, "2026-11-02 08:%02d:%02d 1kZ%03d-%06d-Ab => person%d <name%d@example.test> R=virtual T=dovecot\n",
			i/60%60, i%60, i%1000, i, i+1, i+1)
	}
	return os.WriteFile(s.log, []byte(text.String()), 0o600)
}

func (s *listsScene) load() Load              { return Load{Accounts: s.rows, Items: s.rows} }
func (s *listsScene) counts() (counts, error) { return counts{}, nil }
func (s *listsScene) close() error            { return s.lab.Close() }
func (s *listsScene) servers() [2][]int       { return [2][]int{s.src.Groups(), nil} }

func (s *listsScene) contenders() []contender {
	var all []contender
	for _, l := range []lister{
		{argv: []string{"accounts", "list"}, file: "answer"},
		{argv: []string{"accounts", "export"}, file: "accounts.csv"},
		{argv: []string{"aliases", "export"}, file: "aliases.csv"},
		{argv: []string{"recipients", "census"}, arguments: []string{s.log}, file: "recipients.csv"},
		{argv: []string{"handover"}, file: "handover/aliases.csv"},
	} {
		for _, l.build = range s.options.builds() {
			one := l
			one.scene = s
			all = append(all, &one)
		}
	}
	return all
}

// lister is one command that lists everybody, or everything that receives mail.
type lister struct {
	scene     *listsScene
	build     build
	argv      []string
	arguments []string
	file      string // has at least one line for each row of the source
}

func (l *lister) name() string { return rehome + l.build.way + " " + strings.Join(l.argv, " ") }

const listsSettings = `organisation: Bench
domains: [example.test]
source: {kind: atmail7, database: {dsn: "mysql://%s@%s/%s", password: "file:password"}, imap: {address: "%s", tls: none}}
destination: {kind: imap, imap: {address: "%s", tls: none}}
accounts: {output: .}
`

func (l *lister) prepare(ctx context.Context, dir string) (*trial, error) {
	s := l.scene
	settings := fmt.Sprintf(listsSettings, s.src.Reader, s.src.MySQL, s.src.Database, s.src.IMAP, s.src.IMAP)
	initial := []string{"init", "--organisation", "Bench", "--source-imap", s.src.IMAP, "--destination-imap", s.src.IMAP} // the key of sealed files
	if _, err := (program{dir: dir, argv: append([]string{l.build.binary}, initial...)}).run(ctx); err != nil {
		return nil, err
	}
	if err := writeSettings(dir, map[string]string{"rehome.yaml": settings, "password": s.src.ReaderPassword}); err != nil {
		return nil, err
	}
	return &trial{
		start: func(ctx context.Context) (usage, error) {
			argv := slices.Concat([]string{l.build.binary}, l.argv, l.arguments)
			if l.file == "answer" {
				argv = append(argv, "--output", l.file)
			}
			used, err := run(ctx, []program{{dir: dir, argv: argv}}, 1)
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == somebodyDecides {
				err = nil
			}
			return used, err
		},
		check: func(context.Context) error { return l.complete(dir) },
		part:  1,
	}, nil
}

// somebodyDecides is the exit code of a list with lines that wait for a person.
const somebodyDecides = 6

func (l *lister) complete(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, l.file))
	if err != nil {
		return err
	}
	if lines := bytes.Count(text, []byte("\n")); lines < l.scene.rows {
		return fmt.Errorf("%s has %d lines for %d rows", l.file, lines, l.scene.rows)
	}
	return nil
}
