// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/itinerary"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func nextCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "next",
		Short: "Show the steps of the move, and the one thing to do now",
		Long: `next lists the steps of the move, from the settings to the last day: which are done, which are under way, what is
waited for, and, in the last lines, the one thing to do now with its command. It also says when the switch is possible at the
earliest, and when passwords may be handed out, changed and destroyed.

It reads the settings, the ledger and the files beside them, and contacts no server. What these do not tell is shown as not
known. Without settings, it says how to begin.

Exit code 0: it could tell, whatever remains to be done.`,
		Args: cobra.NoArgs,
		RunE: f.run(func(ctx context.Context, args []string) (rehome.Outcome, error) {
			if _, problem := f.settings(); problem != nil {
				if _, err := os.Stat(f.configFile); errors.Is(err, fs.ErrNotExist) {
					problem = err
				}
				return f.giveNext(journey.NextWithoutSettings(f.configFile, problem))
			}
			return f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
				next, err := move.Next(ctx, f.configFile)
				if err != nil {
					return rehome.OutcomeDone, err
				}
				return f.giveNext(next)
			})(ctx, args)
		}),
	}
}

func (f *frame) giveNext(next journey.Next) (rehome.Outcome, error) {
	return f.give(next, func(w io.Writer) error { return f.writeNext(w, next) })
}

func (f *frame) writeNext(w io.Writer, next journey.Next) error {
	colors := paletteFor(w, os.Getenv)
	if next.Organisation != "" {
		fmt.Fprintln(w, colors.bold(printable(next.Organisation)))
	}
	titles := 0
	for _, s := range next.Steps {
		titles = max(titles, cells(s.Title))
	}
	for _, s := range next.Steps {
		if f.quiet && slices.Contains([]itinerary.Progress{itinerary.Done, itinerary.Passed, itinerary.Later}, s.Progress) {
			continue
		}
		writeAdvice(w, stepMark(s.Progress, colors), titles, checkup.Advice{Subject: s.Title, Sentence: stepLine(s)})
	}
	if next.Steps[0].Progress == itinerary.Done && !f.quiet {
		writePasswords(w, colors, next.Passwords)
		fmt.Fprintln(w, colors.bold("earliest switch")+": "+printable(next.Earliest.Sentence))
	}
	return f.writeThing(w, colors, next.Next)
}

// writePasswords says what may happen to passwords, and when.
func writePasswords(w io.Writer, colors palette, rules []itinerary.Password) {
	fmt.Fprintln(w, colors.bold("passwords"))
	subjects := 0
	for _, p := range rules {
		subjects = max(subjects, cells(p.What))
	}
	for _, p := range rules {
		mark := " "
		if p.Now {
			mark = colors.green("+")
		}
		writeAdvice(w, mark, subjects, checkup.Advice{Subject: p.What, Sentence: p.Sentence})
	}
}

// stepLine says where a step stands; who is waited for stands in front.
func stepLine(s itinerary.Step) string {
	switch {
	case s.Progress == itinerary.Waiting:
		return "waiting for " + s.For + ": " + s.Sentence
	case s.Progress == itinerary.Unknown:
		return "not known: " + s.Sentence
	case s.Progress == itinerary.Ready:
		return "can be done now too: " + s.Sentence + " (" + s.Command + ")"
	}
	return s.Sentence
}

func stepMark(p itinerary.Progress, colors palette) string {
	switch p {
	case itinerary.Done:
		return colors.green("+")
	case itinerary.Running:
		return colors.yellow("*")
	case itinerary.Waiting:
		return colors.yellow("~")
	case itinerary.Next:
		return colors.bold(">")
	case itinerary.Unknown:
		return colors.yellow("?")
	case itinerary.Passed:
		return colors.yellow("!")
	case itinerary.Ready:
		return "-"
	}
	return " "
}

// writeThing prints what to do now, the command on a line of its own.
func (f *frame) writeThing(w io.Writer, colors palette, thing *itinerary.Thing) error {
	if thing == nil {
		_, err := fmt.Fprintln(w, colors.green("the move is complete: nothing is left to do"))
		return err
	}
	command := thing.Command
	if f.configFile != defaultSettings {
		command = "rehome -c " + printable(f.configFile) + strings.TrimPrefix(command, "rehome")
	}
	wait, look := "", ""
	if thing.Wait {
		wait, look = "wait: ", "look again with: "
	}
	_, err := fmt.Fprintf(w, "%s %s%s\n  -> %s%s\n", colors.bold("next:"), wait, printable(thing.Sentence), look, command)
	return err
}

// writeHead says in a few lines where the whole move stands; nothing if the answer is about some accounts.
func (f *frame) writeHead(w io.Writer, colors palette, organisation string, all *itinerary.Itinerary) {
	if all == nil {
		return
	}
	words := map[itinerary.Progress][]string{}
	for _, s := range all.Steps {
		words[s.Progress] = append(words[s.Progress], s.Title)
	}
	if organisation != "" {
		fmt.Fprintln(w, colors.bold(printable(organisation)))
	}
	for _, p := range []struct {
		progress itinerary.Progress
		lead     string
	}{{itinerary.Done, "done"}, {itinerary.Running, "under way"}, {itinerary.Waiting, "waiting"}} {
		if titles := words[p.progress]; len(titles) > 0 {
			fmt.Fprintf(w, "%s: %s\n", p.lead, strings.Join(titles, ", "))
		}
	}
	fmt.Fprintln(w, "earliest switch: "+printable(all.Earliest.Sentence))
	_ = f.writeThing(w, colors, all.Next) // as all that is written here, see paper
	fmt.Fprintln(w)
}
