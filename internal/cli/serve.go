// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// ScreenOptions say where the screen is shown.
type ScreenOptions struct {
	Listen string
	Host   string // under which a reverse proxy with HTTPS shows it; "" is this machine only
	File   string // of the settings
	Ready  func(address string)

	// The words of this terminal for what operations answer.
	Planned  func(journey.Planned) string
	Synced   func(journey.Synced) string
	Verified func(verify.Document) string
	Started  func(journey.WaveStarted) string
	Checked  func(checkup.Report) string
	Progress func(conductor.Snapshot) string
}

// shownAt is where somebody finds the screen.
type shownAt struct {
	Address string `json:"address"`
}

// defaultScreen is where the screen is shown unless somebody says otherwise.
const defaultScreen = "127.0.0.1:8025"

func serveCommand(f *frame) *cobra.Command {
	options := ScreenOptions{Planned: planSummary, Synced: syncSummary, Verified: verdictSentence, Started: startedSummary, Checked: summary,
		Progress: progressLine}
	var watched *admin
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the move in a browser, with live figures",
		Long: `serve shows the steps of the move, the accounts and the findings in a browser, until it is stopped. You can run it
beside any other command; figures are renewed once a second while somebody watches.

Whoever wants to look signs in. Add the first operator with "rehome operators set NAME --role look". With the role
operate somebody can also copy, try again, compare and accept differences there, and with switch take domains across
and back: as with the commands, after what would be done was shown. The audit log has the name of who has signed in.
With serve.oidc in the settings, people can sign in by an OpenID Connect issuer instead, whose groups have roles.

It listens on this machine only. To reach it from others, put a web server with HTTPS in front of it, and name the host that
people type with --host. Ctrl-C or SIGTERM ends it; a pass that was begun there finishes first what is in progress.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			operators, err := move.ListOperators(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			if len(operators.Operators) == 0 && !move.SignsOnOutside() {
				return rehome.OutcomeDone, &rehome.Fault{Class: rehome.ClassOperator, Op: "show", Object: "the move",
					Cause: errors.New("nobody may sign in yet"), Hint: `add an operator: rehome operators set NAME --role look`}
			}
			options.File = f.configFile
			var answered error
			options.Ready = func(address string) {
				shown := shownAt{Address: "http://" + address + "/"}
				answered = f.answer(shown, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "the move is shown at %s; press Ctrl-C to stop\n", shown.Address)
					return err
				})
			}
			return f.whileWatched(ctx, move, watched, func() (rehome.Outcome, error) {
				return rehome.OutcomeDone, errors.Join(f.app.Screen(ctx, move, options, f.log), answered)
			})
		})),
	}
	watched = adminFlag(cmd)
	cmd.Flags().StringVar(&options.Listen, "listen", defaultScreen, "address and port of this machine to listen on")
	cmd.Flags().StringVar(&options.Host, "host", "", "host name under which a reverse proxy with HTTPS shows it")
	return cmd
}

func operatorsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "operators", Short: "Say who may sign in to the screen of \"rehome serve\": list, set, remove"})
	group.AddCommand(operatorsListCommand(f), operatorsSetCommand(f), operatorsRemoveCommand(f))
	return group
}

func operatorsListCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List who may sign in, and what they may do",
		Args:  cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			return f.giveOperators(move.ListOperators(ctx))
		})),
	}
}

func operatorsSetCommand(f *frame) *cobra.Command {
	var role, password string
	cmd := &cobra.Command{
		Use:               "set NAME",
		ValidArgsFunction: f.completeOperators(),
		Short:             "Let somebody sign in, or change role and password",
		Long: `set adds an operator, or replaces role and password of one. You are asked for the password at a terminal; otherwise it
is read as one line from standard input, or from the place that --password names. The ledger keeps only its argon2id hash.

Roles: look sees everything and changes nothing; operate may also start and stop passes and accept differences; switch may also
take domains across and back. Each role includes the one before.`,
		Args: placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			wanted, err := roleNamed(role)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			secret, err := f.candidate(ctx, password)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.giveOperators(move.SetOperator(ctx, strings.ToLower(args[0]), wanted, secret))
		})),
	}
	cmd.Flags().StringVar(&role, "role", string(ledger.RoleLook), "what the operator may do: look, operate or switch")
	cmd.Flags().StringVar(&password, "password", "", "where to read the password: env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"look", "operate", "switch"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func roleNamed(name string) (ledger.Role, error) {
	for _, role := range journey.Roles() {
		if string(role) == name {
			return role, nil
		}
	}
	return "", &rehome.Fault{Class: rehome.ClassOperator, Op: "set", Object: "the role " + name, Cause: errors.New("there is no such role"),
		Hint: "use look, operate or switch"}
}

func operatorsRemoveCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		ValidArgsFunction: f.completeOperators(),
		Short:             "Take somebody off the list; who is signed in is out at once",
		Args:              placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			return f.giveOperators(move.RemoveOperator(ctx, strings.ToLower(args[0])))
		})),
	}
}

func (f *frame) giveOperators(list journey.OperatorList, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(list, func(w io.Writer) error {
		if len(list.Operators) == 0 {
			_, err := fmt.Fprintln(w, "nobody may sign in")
			return err
		}
		t := newTable("OPERATOR", "ROLE", "SET")
		for _, o := range list.Operators {
			t.add(o.Name, string(o.Role), o.Changed.Local().Format("2 Jan 2006 15:04"))
		}
		return t.write(w, paletteFor(w, os.Getenv))
	})
}
