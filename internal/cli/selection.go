// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/people"
)

// selection are the flags that choose accounts, the same for every command that takes some.
type selection struct {
	command      *cobra.Command
	only, except []string
	file         string
}

// selectAccounts adds the flags to a command. Their values are read by choice.
func (f *frame) selectAccounts(cmd *cobra.Command) *selection {
	s := &selection{command: cmd}
	cmd.Flags().StringArrayVar(&s.only, "account", nil, "only this account, or those that match a pattern such as '*@example.org' (repeatable)")
	cmd.Flags().StringVar(&s.file, "account-file", "", "only the accounts in this file: an address or pattern in each line; - is standard input")
	cmd.Flags().StringArrayVar(&s.except, "exclude", nil, "leave out this account, or those that match a pattern (repeatable)")
	for _, flag := range []string{"account", "exclude"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, f.completeAccounts) // the flag exists, it is defined above
	}
	_ = cmd.MarkFlagFilename("account-file") // likewise
	return s
}

// listAll adds the flag of a command whose tables leave out what needs no look.
func (f *frame) listAll(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "list all accounts, not only those with something to tell")
}

// choice returns what the flags say.
func (s *selection) choice(in io.Reader) (people.Choice, error) {
	choice := people.Choice{Only: s.only, Except: s.except}
	if s.file == "" {
		return choice, nil
	}
	listed, err := s.listed(in)
	choice.Only = append(choice.Only, listed...)
	return choice, err
}

// listed reads the names in the file.
func (s *selection) listed(in io.Reader) ([]string, error) {
	if s.file != "-" {
		opened, err := os.Open(s.file)
		if err != nil {
			return nil, s.wrong(0, pathless(err))
		}
		defer opened.Close()
		in = opened
	}
	var names []string
	var bad []int
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		name, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		switch name = strings.TrimSpace(name); {
		case name == "":
		case !strings.ContainsAny(name, "@*?") || strings.ContainsAny(name, ",; \t"):
			bad = append(bad, n)
		default:
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, s.wrong(0, err)
	}
	if len(bad) > 0 {
		return nil, s.wrong(bad[0], errors.New("is not an address or a pattern"+likewise(bad[1:])))
	}
	if len(names) == 0 {
		return nil, s.wrong(0, errors.New("names no account"))
	}
	return names, nil
}

// likewise names further lines, a few of many.
func likewise(lines []int) string {
	const most = 10
	shown := make([]string, 0, most)
	for _, n := range lines[:min(len(lines), most)] {
		shown = append(shown, strconv.Itoa(n))
	}
	switch more := len(lines) - len(shown); {
	case len(lines) == 0:
		return ""
	case len(lines) == 1:
		return "; likewise line " + shown[0]
	case more > 0:
		return fmt.Sprintf("; likewise lines %s and %d more", strings.Join(shown, ", "), more)
	}
	return "; likewise lines " + strings.Join(shown, ", ")
}

// wrong is a mistake in the file, in a line if there is one. What the line holds is not shown: it may be a file of passwords.
func (s *selection) wrong(line int, cause error) error {
	where := s.file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", s.file, line)
	}
	return &usageError{command: s.command.CommandPath(), cause: &rehome.Fault{Class: rehome.ClassOperator, Op: "read --account-file", Object: where,
		Cause: cause, Hint: "write an address or a pattern such as *@example.org in each line; # begins a comment"}}
}
