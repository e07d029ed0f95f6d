// SPDX-License-Identifier: Apache-2.0

// Package knot runs Knot DNS in a lab, as an authoritative server of zones that are given as text, or that it follows another
// server in. It answers over UDP and TCP.
package knot

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
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

	Keys    []Key             // each may change all zones that are given as text, unless it is NoWrite
	Follows map[string]string // host of the server that it takes a zone from, by the zone's name
	Tells   []string          // hosts of servers that follow it, and are told of changes
}

// Key is a TSIG key with hmac-sha256.
type Key struct {
	Name    string
	Secret  string // base64
	NoWrite bool   // it is known, and may change nothing
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
	fmt.Fprintf(&b, " ]\ncontrol:\n    listen: %q\nlog:\n  - target: stderr\n    any: info\ndatabase:\n    storage: %q\n%szone:\n",
		filepath.Join(dir, "ctl"), dir, options.parties())
	allowed := options.rules()
	for name, text := range options.Zones {
		file := zoneFile(dir, name)
		if err := l.WriteOwned(file, text); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "  - domain: %q\n    file: %q\n    zonefile-sync: -1\n%s", name, file, allowed)
		if len(options.Tells) > 0 {
			fmt.Fprintf(&b, "    notify: [ %s ]\n", quotedList(options.Tells))
		}
	}
	for name, host := range options.Follows {
		fmt.Fprintf(&b, "  - domain: %q\n    file: %q\n    zonefile-sync: -1\n    master: %q\n    acl: [ others ]\n", name, zoneFile(dir, name), host)
	}
	config := filepath.Join(dir, "knot.conf")
	if err := l.WriteOwned(config, b.String()); err != nil {
		return nil, err
	}
	process, err := l.Start(lab.Program{Name: options.Name, Command: "knotd", Package: "knot", AsOwner: true,
		Args: []string{"-c", config}, Ready: ready})
	return &Server{lab: l, dir: dir, process: process}, err
}

// parties are the sections about keys and other servers. On loopback everybody may transfer zones and notify.
func (o Options) parties() string {
	var b strings.Builder
	if len(o.Keys) > 0 {
		b.WriteString("key:\n")
	}
	for _, key := range o.Keys {
		fmt.Fprintf(&b, "  - id: %q\n    algorithm: hmac-sha256\n    secret: %q\n", key.Name, key.Secret)
	}
	others := slices.Concat(o.Tells, slices.Collect(maps.Values(o.Follows)))
	slices.Sort(others)
	if len(others) > 0 {
		b.WriteString("remote:\n")
	}
	for _, host := range slices.Compact(others) {
		fmt.Fprintf(&b, "  - id: %q\n    address: %q\n", host, host+"@"+o.Port)
	}
	b.WriteString("acl:\n  - id: others\n    action: [ transfer, notify ]\n")
	for _, key := range o.Keys {
		action := "update"
		if key.NoWrite {
			action = "transfer"
		}
		fmt.Fprintf(&b, "  - id: %q\n    key: %q\n    action: %s\n", "key-"+key.Name, key.Name, action)
	}
	return b.String()
}

// rules are those of a zone that keys may change.
func (o Options) rules() string {
	rules := []string{"others"}
	for _, key := range o.Keys {
		rules = append(rules, "key-"+key.Name)
	}
	return "    acl: [ " + quotedList(rules) + " ]\n"
}

func quotedList(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = fmt.Sprintf("%q", item)
	}
	return strings.Join(quoted, ", ")
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
