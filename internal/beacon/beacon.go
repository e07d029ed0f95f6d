// SPDX-License-Identifier: Apache-2.0

// Package beacon shows other processes of this machine and user what a process does at the moment.
//
// A process lights a beacon: a unix socket in a folder that only its user can enter. Whoever connects sends a line and gets a
// line of JSON with the state of that very moment, as often as he likes. Nothing is computed, written or sent while nobody looks.
// The last line is that of the end, and says so. When the process is gone, however that came about, the system refuses to
// connect: nobody takes a dead process for a live one, and a connection that breaks without a last line is a process that died.
//
//	light, err := beacon.Kindle(folder, "sync", state)    // the process
//	defer light.Out()
//
//	seen, err := beacon.Look(folder)                      // another one
//	view, err := seen[0].Open(ctx)
//	line, err := view.Ask(ctx)
package beacon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Bounds of what those who look can cost.
const (
	lookersMost = 16              // at once; more are turned away
	placesMost  = 100             // beacons of one process for one work
	idleMost    = time.Minute     // between two questions
	patience    = 2 * time.Second // for who does not take an answer
	lineMost    = 64 << 10        // octets of an answer
	pathMost    = 100             // octets of a path that every system takes as the address of a socket, see unix(7)
)

// ending is that of the name of a socket.
const ending = ".beacon"

// Light is a beacon that burns.
type Light struct {
	listener *net.UnixListener
	file     string
	state    func(ended bool) any

	mu      sync.Mutex
	lookers map[*looker]struct{}
	out     bool
	done    sync.WaitGroup
}

// looker is a connection. Its mutex keeps an answer and the last line apart.
type looker struct {
	mu   sync.Mutex
	conn net.Conn
}

// Kindle lights a beacon for work of this name, which becomes part of the name of a file. state is asked whenever somebody looks,
// from several goroutines, and once with ended set when the beacon goes out; it returns what encoding/json can write. What other
// processes of the machine have left in the folder when they died is removed.
func Kindle(folder, work string, state func(ended bool) any) (*Light, error) {
	clear(folder)
	l := &Light{state: state, lookers: map[*looker]struct{}{}}
	for n := range placesMost { // one process may do the same work twice at a time
		err := l.listen(folder, fmt.Sprintf("%s-%d-%d%s", work, os.Getpid(), n, ending))
		switch {
		case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, fs.ErrNotExist): // another one has just left the folder, and removed it
			continue
		case err != nil:
			return nil, err
		}
		l.done.Go(l.serve)
		return l, nil
	}
	return nil, fmt.Errorf("%s: too many beacons of one process", folder)
}

// listen makes the socket. Nobody else can enter the folder, so that it does not matter what its mode is in the first moment.
func (l *Light) listen(folder, name string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	l.file = filepath.Join(folder, name)
	err := near(folder, name, func(address string) (err error) {
		l.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
		return err
	})
	if err != nil {
		return err
	}
	l.listener.SetUnlinkOnClose(false) // it may know the file by another name, see near
	if err := os.Chmod(l.file, 0o600); err != nil {
		return errors.Join(err, l.listener.Close(), os.Remove(l.file))
	}
	return nil
}

// Out puts the beacon out: whoever looks gets the last line.
func (l *Light) Out() {
	_ = os.Remove(l.file)               // and if it stays, nobody answers there
	_ = os.Remove(filepath.Dir(l.file)) // unless another one burns there
	_ = l.listener.Close()
	l.mu.Lock()
	l.out = true
	for v := range l.lookers {
		l.done.Go(func() {
			_ = v.say(l.state(true))
			_ = v.conn.Close()
		})
	}
	l.mu.Unlock()
	l.done.Wait()
}

func (l *Light) serve() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return
		}
		v := &looker{conn: conn}
		if !l.enter(v) {
			_ = conn.Close()
			continue
		}
		l.done.Go(func() { l.answer(v) })
	}
}

// enter counts a looker, unless there are too many or the beacon is out.
func (l *Light) enter(v *looker) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out || len(l.lookers) >= lookersMost {
		return false
	}
	l.lookers[v] = struct{}{}
	return true
}

// answer answers one looker until he goes, asks something else than an empty line, or says nothing for long.
func (l *Light) answer(v *looker) {
	defer func() {
		_ = v.conn.Close()
		l.mu.Lock()
		delete(l.lookers, v)
		l.mu.Unlock()
	}()
	question := make([]byte, 1)
	for {
		if err := v.conn.SetReadDeadline(time.Now().Add(idleMost)); err != nil {
			return
		}
		if _, err := v.conn.Read(question); err != nil || question[0] != '\n' {
			return
		}
		if v.say(l.state(false)) != nil {
			return
		}
	}
}

// say sends one line.
func (v *looker) say(state any) error {
	line, err := json.Marshal(state)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = v.conn.Write(append(line, '\n'))
	return err
}

// clear removes the sockets of processes that there are no longer. That one does not answer is not enough: it may be about to.
func clear(folder string) {
	seen, err := Look(folder)
	if err != nil {
		return // whoever kindles in it will hear the same
	}
	for _, s := range seen {
		if s.dead() {
			_ = os.Remove(filepath.Join(folder, s.file)) // left for the next one
		}
	}
}

// near calls do with an address of a file in a folder that is short enough for a socket, whatever the length of its path: where
// it is not, by the open folder.
func near(folder, name string, do func(address string) error) error {
	if direct := filepath.Join(folder, name); len(direct) <= pathMost {
		return do(direct)
	}
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	return do(filepath.Join("/proc/self/fd", strconv.Itoa(int(opened.Fd())), name))
}

// parse takes the name of a socket apart.
func parse(file string) (work string, pid int, ok bool) {
	rest, ok := strings.CutSuffix(file, ending)
	parts := strings.Split(rest, "-")
	if !ok || len(parts) < 3 {
		return "", 0, false
	}
	pid, err := strconv.Atoi(parts[len(parts)-2])
	return strings.Join(parts[:len(parts)-2], "-"), pid, err == nil && pid > 0
}

// readLine reads one answer, of bounded length.
func readLine(from *bufio.Reader) ([]byte, error) {
	line, err := from.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), line[:len(line)-1]...), nil
}
