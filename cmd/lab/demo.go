// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rehome/lab"
	"rehome/lab/manual"
	"rehome/lab/proof"
	"rehome/lab/scenario"
)

// demo moves the sample organisation with the real binary, step by step as an administrator would,
// and ends with an error unless the report names exactly the differences that were planted.
type demo struct {
	setup *scenario.Setup
	lab   *lab.Lab
	out   io.Writer

	world *scenario.Online // from the switch on
	mail  *supplier        // who sends while the domain is taken across
}

// demoOptions are the flags of the demo.
type demoOptions struct {
	binary, dir string
	scale       float64
}

func newDemo() *cobra.Command {
	var options demoOptions
	command := &cobra.Command{
		Use:   "demo",
		Short: "Move a sample organisation from an atmail 7 to an atmail 8, and judge the result",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return runDemo(command.Context(), options) },
	}
	flags := command.Flags()
	flags.StringVar(&options.binary, "rehome", "bin/rehome", "the rehome to show")
	flags.StringVar(&options.dir, "dir", "demo", "folder for what rehome writes; it is emptied first")
	flags.Float64Var(&options.scale, "scale", 1, "size of the organisation; 1 is some 3,000 messages")
	return command
}

func runDemo(ctx context.Context, options demoOptions) error {
	paths, err := absolute(options.binary, options.dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(paths[1]); err != nil {
		return err
	}
	fmt.Println("starting an atmail 7 and an atmail 8 on this machine, with a sample organisation at the first ...")
	p, err := openPair(ctx, pairOptions{work: paths[1], binary: paths[0], scale: options.scale})
	if err != nil {
		return err
	}
	return errors.Join((&demo{setup: p.Setup, lab: p.lab, out: os.Stdout}).run(ctx), p.close())
}

func absolute(paths ...string) ([]string, error) {
	for i, path := range paths {
		full, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		paths[i] = full
	}
	return paths, nil
}

// onePage is the page of the manual that the demo plays, from the root of the tree.
const onePage = "docs/one-evening.md"

// run is the journey.
func (d *demo) run(ctx context.Context) error {
	begun := time.Now()
	text, err := os.ReadFile(onePage)
	if err != nil {
		return fmt.Errorf("%w; run the demo in the root of the tree", err)
	}
	page, err := manual.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", onePage, err)
	}
	// What the commands say of an organisation of another size is not what the page shows: a test compares that.
	if _, err := d.play(ctx, page); err != nil && !errors.Is(err, manual.ErrDiffers) {
		return err
	}
	fmt.Fprintf(d.out, "\nthe whole move took %s; open %s to see the report\n", time.Since(begun).Round(time.Second),
		filepath.Join(d.setup.Dir, "report.html"))
	fmt.Fprintln(d.out, `to try rehome yourself, run "make lab", which keeps both servers running; README.md explains the commands`)
	return nil
}

// play plays a page, and leaves nobody behind who sends mail.
func (d *demo) play(ctx context.Context, page *manual.Page) (text string, err error) {
	defer func() {
		if d.mail != nil {
			err = errors.Join(err, d.mail.end())
		}
	}()
	return page.Play(ctx, d)
}

// importAccounts plays the Account Manager.
func (d *demo) importAccounts(context.Context) error {
	fmt.Fprintln(d.out, "\n# the destination's Account Manager imports accounts.csv")
	result, err := d.setup.Import()
	if err != nil {
		return err
	}
	for _, r := range result.Rejected {
		fmt.Fprintf(d.out, "line %d rejected: %s: %s\n", r.Line, r.Address, r.Reason)
	}
	fmt.Fprintf(d.out, "%d accounts created, %d rows rejected\n", len(result.Created), len(result.Rejected))
	if len(result.Rejected) > 0 {
		return errors.New("the destination did not take every row")
	}
	return nil
}

// judgedReport is what the judge reads of the report.
type judgedReport struct {
	Accounts []struct {
		Account, Verdict string
		Mail             struct {
			Differences []struct{ Kind, Mailbox, Sentence string }
		}
		Contacts, Calendars judgedObjects
	}
}

type judgedObjects struct {
	Source      struct{ Objects int }
	Verdicts    map[string]int
	Differences []struct{ Verdict, Object, Sentence, Escrow string }
}

// judge compares what the report says with what was planted.
func (d *demo) judge(ctx context.Context) error {
	out, err := d.setup.Command(ctx, "report", "--json").Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	var report judgedReport
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	planted := map[string]int{}
	for _, p := range d.setup.Organisation.Planted {
		planted[p.Address+" "+p.Mailbox]++
	}
	equal := 0
	for _, a := range report.Accounts {
		if a.Verdict == "equal" {
			equal++
		}
		for _, difference := range a.Mail.Differences {
			key := a.Account + " " + difference.Mailbox
			if difference.Kind != "missing_message" || planted[key] == 0 {
				return fmt.Errorf("%s: a difference that nobody planted: %s", a.Account, difference.Sentence)
			}
			planted[key]--
		}
	}
	for where, left := range planted {
		if left > 0 {
			return fmt.Errorf("%s: a planted difference that the report does not name", where)
		}
	}
	objects, err := report.judgeObjects()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nof %d accounts, %d are equal; the others differ only by what was planted: one message above the "+
		"destination's size limit\n", len(report.Accounts), equal)
	fmt.Fprintln(d.out, objects)
	return nil
}

// secondOpinion holds the report against the lab's judge, which shares no code with rehome.
func (d *demo) secondOpinion(ctx context.Context) error {
	out, err := d.setup.Command(ctx, "verify", "--level", "full", "--json").Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	accounts, err := d.setup.Accounts()
	if err != nil {
		return err
	}
	judged, err := proof.Judge(ctx, accounts)
	if err != nil {
		return err
	}
	disagreements, err := proof.Disagreements(out, accounts, judged)
	if err != nil {
		return fmt.Errorf("read what verify says: %w", err)
	}
	if len(disagreements) > 0 {
		return fmt.Errorf("rehome and the lab's judge disagree about %d things, first about %s", len(disagreements), disagreements[0])
	}
	fmt.Fprintln(d.out, "the lab's own judge, which shares no code with rehome, has read both ends and says the same")
	return nil
}

// judgeObjects accepts of contacts and calendar objects only that the odd ones among them are repaired, or
// kept with the destination's reason.
func (r judgedReport) judgeObjects() (summary string, err error) {
	verdicts := map[string]int{}
	total := 0
	for _, a := range r.Accounts {
		for _, kind := range []judgedObjects{a.Contacts, a.Calendars} {
			total += kind.Source.Objects
			for verdict, n := range kind.Verdicts {
				verdicts[verdict] += n
			}
			for _, difference := range kind.Differences {
				if difference.Verdict != "quarantined" || difference.Escrow == "" {
					return "", fmt.Errorf("%s: %s is %s: %s", a.Account, difference.Object, difference.Verdict, difference.Sentence)
				}
			}
		}
	}
	return fmt.Sprintf("of %d contacts and calendar objects, %d are equal, %d repaired and %d quarantined",
		total, verdicts["identical"]+verdicts["equal"]+verdicts["cosmetic"], verdicts["repaired"], verdicts["quarantined"]), nil
}
