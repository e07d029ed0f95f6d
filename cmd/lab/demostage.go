// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strings"

	"rehome/lab/scenario"
)

// Heading begins a part of the page.
func (d *demo) Heading(text string) { fmt.Fprintf(d.out, "\n== %s ==\n", text) }

// Direct does what the world does between two commands.
func (d *demo) Direct(ctx context.Context, direction string) error {
	do := map[string]func(context.Context) error{
		"store the secrets":                   func(context.Context) error { return d.setup.Configure() },
		"import the accounts":                 d.importAccounts,
		"judge the report":                    d.judge,
		"ask the judge":                       d.secondOpinion,
		"put both ends on the Internet":       d.goOnline,
		"let the world send mail":             d.letMailCome,
		"look for each message that was sent": d.everyLateMessage,
	}[direction]
	if do == nil {
		return errors.New("the lab does not know how to do that")
	}
	return do(ctx)
}

// Run runs one command for the reader of the demo, with the lab's addresses in the place of the page's.
func (d *demo) Run(ctx context.Context, args []string) (said string, exit int, err error) {
	names := d.names()
	real := make([]string, len(args))
	for i, arg := range args {
		real[i] = names.toLab.Replace(arg)
	}
	fmt.Fprintf(d.out, "\n$ rehome %s\n", quoted(real))
	var all bytes.Buffer
	command := d.setup.Command(ctx, real...)
	both := io.MultiWriter(d.out, &all)
	command.Stdout, command.Stderr = both, both
	err = command.Run()
	if code := exitOf(err); code > 0 {
		exit, err = code, nil
	}
	return names.toPage.Replace(all.String()), exit, err
}

// quoted renders a command line that can be pasted into a shell.
func quoted(args []string) string {
	shown := make([]string, len(args))
	for i, arg := range args {
		shown[i] = arg
		if strings.ContainsAny(arg, " *") {
			shown[i] = `"` + arg + `"`
		}
	}
	return strings.Join(shown, " ")
}

// names translates between the addresses of the lab, which are others each time, and those that the page shows.
type names struct{ toLab, toPage *strings.Replacer }

func (d *demo) names() names {
	source, destination := d.setup.Source, d.setup.Destination
	pairs := [][2]string{ // longer ones first
		{"mail.example.com:993", source.IMAPS},
		{"db.example.com:3306", source.MySQL},
		{"https://webmail.example.com/dav/", source.DAV},
		{"imap.us-east.atmailcloud.com:993", destination.IMAPS},
		{"https://dav.us-east.atmailcloud.com/", destination.DAV},
		{"mx.us-east.atmailcloud.com", scenario.NewMX},
	}
	back := append(pairs, d.ports()...)
	back = append(back, [2]string{"imap.us-east.atmailcloud.com", scenario.NewIMAP}, [2]string{"admin@desk", whoami()})
	var toLab, toPage []string
	for _, p := range pairs {
		toLab = append(toLab, p[0], p[1])
	}
	for _, p := range back {
		toPage = append(toPage, p[1], p[0])
	}
	return names{strings.NewReplacer(toLab...), strings.NewReplacer(toPage...)}
}

// ports are the targets of SRV records, by name in the place of the number that the lab has found free.
func (d *demo) ports() (pairs [][2]string) {
	if d.world == nil {
		return nil
	}
	target := func(address, port string) [2]string {
		_, real, _ := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(address, "https://"), "/"))
		return [2]string{port + " imap.us-east.atmailcloud.com", real + " " + scenario.NewIMAP}
	}
	return append(pairs, target(d.setup.Destination.IMAPS, "993"), target(d.world.New.Submissions, "465"), target(d.setup.Destination.DAV, "443"),
		[2]string{"ns1.hosts.test:53", d.world.Primary()})
}

// whoami is how the audit log calls whoever runs the demo.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// exitOf is the code with which a command has ended; 0 if it has done what it should, -1 if it did not run.
func exitOf(err error) int {
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
