// SPDX-License-Identifier: Apache-2.0

// Package bench measures rehome beside other tools and beside the raw limit of the servers, all in the
// same run on real Dovecot servers, and prints a Markdown table.
//
// Ratios hold from machine to machine, seconds do not: every figure is the median of runs that
// alternate between the contenders, each into an account of its own that nobody has touched before.
// It is a command and no test; nothing fails because it is slow.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"syscall"
	"time"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

const password = "Bench-password-1"

// Options of a run.
type Options struct {
	Binary string // rehome
	Dir    string // room for servers and runs, reachable by the mail users
	Runs   int    // of each contender in each row
	Out    io.Writer
	Log    io.Writer // what is under way
}

// Work is what a row moves.
type Work struct {
	Name      string
	Accounts  int
	Messages  int // of each account
	Size      int64
	Mailboxes int
}

// messages of all accounts.
func (w Work) messages() int { return w.Accounts * w.Messages }

// Row is one line of the table: some work between two servers of a kind.
type Row struct {
	Work   Work
	Layout string // of the destination; the source is always Maildir++
	TLS    bool
	Delay  time.Duration // one way, on both sides
}

// Rows are the lines that are measured by default.
func Rows() []Row {
	small := Work{Name: "10,000 x 10 KB, 20 mailboxes", Accounts: 1, Messages: 10000, Size: 10 << 10, Mailboxes: 20}
	large := Work{Name: "300 x 4 MB, 3 mailboxes", Accounts: 1, Messages: 300, Size: 4 << 20, Mailboxes: 3}
	many := Work{Name: "40 accounts x 500 x 10 KB", Accounts: 40, Messages: 500, Size: 10 << 10, Mailboxes: 5}
	return []Row{
		{Work: small, Layout: dovecot.Sdbox}, {Work: small, Layout: dovecot.Mdbox}, {Work: small, Layout: dovecot.Maildir},
		{Work: small, Layout: dovecot.Sdbox, TLS: true},
		{Work: small, Layout: dovecot.Sdbox, Delay: 10 * time.Millisecond}, {Work: small, Layout: dovecot.Sdbox, Delay: 40 * time.Millisecond},
		{Work: large, Layout: dovecot.Sdbox}, {Work: many, Layout: dovecot.Sdbox},
	}
}

// ground is the pair of servers of one row.
type ground struct {
	row      Row
	room     *lab.Room
	src, dst *dovecot.Server
	srcAddr  string
	dstAddr  string
	proxies  []*faultproxy.Proxy
	fresh    int // destination accounts used so far
	dir      string
}

// Run measures rows and prints the table.
func Run(ctx context.Context, options Options, rows []Row) error {
	if _, err := lab.FindProgram("mbsync", "isync"); err != nil {
		return err
	}
	fmt.Fprintln(options.Out, "| work | destination | line | contender | median s | msg/s | of raw | rehome is | client CPU s | peak MiB | nothing to do s |")
	fmt.Fprintln(options.Out, "|---|---|---|---|---|---|---|---|---|---|---|")
	for i, row := range rows {
		if err := runRow(ctx, options, row, i); err != nil {
			return fmt.Errorf("%s to %s: %w", row.Work.Name, row.Layout, err)
		}
	}
	return nil
}

func runRow(ctx context.Context, options Options, row Row, number int) (err error) {
	dir := filepath.Join(options.Dir, fmt.Sprint(number))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g := &ground{row: row, dir: dir}
	if g.room, err = lab.NewRoom(dir); err != nil {
		return err
	}
	defer func() { _ = g.room.Close(); _ = os.RemoveAll(dir) }()
	if err := g.open(ctx, options.Runs*3); err != nil {
		return err
	}
	fmt.Fprintf(options.Log, "%s: raw limit\n", g.row)
	raw, err := g.rawLimit(ctx)
	if err != nil {
		return err
	}
	contenders := []contender{&rehomeTool{binary: options.Binary}, &mbsyncTool{}}
	results := map[string][]result{}
	for run := range options.Runs {
		for _, c := range contenders {
			fmt.Fprintf(options.Log, "%s: %s, run %d\n", g.row, c.name(), run+1)
			r, err := g.measure(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name(), err)
			}
			results[c.name()] = append(results[c.name()], r)
		}
	}
	g.print(options.Out, raw, contenders, results)
	return nil
}

// line says how the servers are reached.
func (r Row) line() string {
	security := "plain"
	if r.TLS {
		security = "TLS"
	}
	return fmt.Sprintf("%s, %d ms", security, (2 * r.Delay).Milliseconds())
}

// String names the row.
func (r Row) String() string { return fmt.Sprintf("%s, %s, %s", r.Work.Name, r.Layout, r.line()) }

// result is one run of one contender: the copy, then the same again with nothing to do.
type result struct {
	copy, again time.Duration
	cpu         time.Duration
	peak        int64 // octets
}

// contender is a tool that copies the work into fresh accounts.
type contender interface {
	name() string
	// commands returns the command lines that, one behind the other, copy everything. They are run
	// twice: the second time there is nothing to do.
	commands(ctx context.Context, g *ground, dir string, accounts []move) ([]*exec.Cmd, error)
}

// move is one account's way.
type move struct{ src, dst string }

// measure runs a contender into fresh accounts and counts what arrived.
func (g *ground) measure(ctx context.Context, c contender) (result, error) {
	moves := g.freshMoves()
	g.fresh++
	dir := filepath.Join(g.dir, fmt.Sprintf("run%d", g.fresh))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return result{}, err
	}
	var r result
	var err error
	if r.copy, r.cpu, r.peak, err = g.time(ctx, c, dir, moves); err != nil {
		return result{}, err
	}
	if r.again, _, _, err = g.time(ctx, c, dir, moves); err != nil {
		return result{}, err
	}
	return r, g.count(ctx, moves)
}

func (g *ground) time(ctx context.Context, c contender, dir string, moves []move) (wall, cpu time.Duration, peak int64, err error) {
	commands, err := c.commands(ctx, g, dir, moves)
	if err != nil {
		return 0, 0, 0, err
	}
	begun := time.Now()
	for _, command := range commands {
		out, err := command.CombinedOutput()
		if err != nil {
			return 0, 0, 0, fmt.Errorf("%w: %s", err, tail(out))
		}
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		if ok {
			cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
			peak = max(peak, usage.Maxrss<<10)
		}
	}
	return time.Since(begun), cpu, peak, nil
}

func tail(out []byte) []byte { return out[max(0, len(out)-500):] }

// print writes the row's lines.
func (g *ground) print(out io.Writer, raw rawResult, contenders []contender, results map[string][]result) {
	messages := float64(g.row.Work.messages())
	fmt.Fprintf(out, "| %s | %s | %s | raw read / write | | %.0f / %.0f | | | | | |\n", g.row.Work.Name, g.row.Layout, g.row.line(), raw.read, raw.write)
	ours := median(results[contenders[0].name()], func(r result) float64 { return r.copy.Seconds() })
	for _, c := range contenders {
		all := results[c.name()]
		seconds := median(all, func(r result) float64 { return r.copy.Seconds() })
		ratio := ""
		if c != contenders[0] {
			ratio = fmt.Sprintf("%.1f x as fast", seconds/ours)
		}
		fmt.Fprintf(out, "| | | | %s | %.2f | %.0f | %.2f | %s | %.2f | %.0f | %.2f |\n", c.name(), seconds, messages/seconds,
			messages/seconds/raw.limit(), ratio, median(all, func(r result) float64 { return r.cpu.Seconds() }),
			median(all, func(r result) float64 { return float64(r.peak) / (1 << 20) }), median(all, func(r result) float64 { return r.again.Seconds() }))
	}
}

func median(results []result, figure func(result) float64) float64 {
	figures := make([]float64, len(results))
	for i, r := range results {
		figures[i] = figure(r)
	}
	sort.Float64s(figures)
	return figures[len(figures)/2]
}
