// SPDX-License-Identifier: Apache-2.0

// Package knot runs Knot DNS in a lab, as an authoritative server of zones that are given as text. It answers over UDP and TCP,
// and knows nothing else.
package knot

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"rehome/lab"
)

// Options says what to start.
type Options struct {
	Name  string            // folder and log names, its own in the lab
	Hosts []string          // IP addresses
	Port  string            // the same at each
	Zones map[string]string // text of each zone by its name, with a dot at the end
}

// Server is one that runs.
type Server struct {
	lab     *lab.Lab
	dir     string
	process *lab.Process
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, options Options) (*Server, error) {
	dir, err := l.OwnedDir(options.Name)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "server:\n    rundir: %q\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n    listen: [ ", dir)
	var ready []string
	for i, host := range options.Hosts {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", host+"@"+options.Port)
		ready = append(ready, address(host, options.Port))
	}
	fmt.Fprintf(&b, " ]\ncontrol:\n    listen: %q\nlog:\n  - target: stderr\n    any: info\ndatabase:\n    storage: %q\nzone:\n",
		filepath.Join(dir, "ctl"), dir)
	for name, text := range options.Zones {
		file := zoneFile(dir, name)
		if err := l.WriteOwned(file, text); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "  - domain: %q\n    file: %q\n    zonefile-sync: -1\n", name, file)
	}
	config := filepath.Join(dir, "knot.conf")
	if err := l.WriteOwned(config, b.String()); err != nil {
		return nil, err
	}
	process, err := l.Start(lab.Program{Name: options.Name, Command: "knotd", Package: "knot", AsOwner: true,
		Args: []string{"-c", config}, Ready: ready})
	return &Server{lab: l, dir: dir, process: process}, err
}

func zoneFile(dir, name string) string { return filepath.Join(dir, "zone."+name+"db") }

// Change gives a zone another text, whose serial number has to be larger, and has the server read it. It answers from it some time
// later.
func (s *Server) Change(zone, text string) error {
	if err := s.lab.WriteOwned(zoneFile(s.dir, zone), text); err != nil {
		return err
	}
	return syscall.Kill(s.process.Pid(), syscall.SIGHUP)
}

func address(host, port string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}
