// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// peer is what the server says. A goroutine reads it, so that the server can always be rid of its answers while it is sent
// something: two that both write and neither of which reads would wait for each other.
type peer struct {
	stream Stream
	said   chan record
	quit   chan struct{}
	ended  chan struct{} // closed when the goroutine is gone

	headers headers // of the reader until the handshake has been delivered, read only behind

	mu        sync.Mutex
	requested func(Request) error // takes requests for messages; nil while there is no room for one
	requests  int                 // how many more there may be
	cause     error               // why nothing more comes
}

func listen(stream Stream) *peer {
	p := &peer{stream: stream, said: make(chan record, 64), quit: make(chan struct{}), ended: make(chan struct{}), headers: headers{}}
	go p.run()
	return p
}

// stop waits until the reader is gone; the stream is closed already.
func (p *peer) stop() {
	close(p.quit)
	<-p.ended
}

func (p *peer) run() {
	defer close(p.ended)
	err := p.read(bufio.NewReaderSize(p.stream, 32<<10))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cause = err
}

// read takes the version, the header lines, and then records, until the end.
func (p *peer) read(in *bufio.Reader) error {
	if err := readVersion(in); err != nil {
		return err
	}
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		if line == "." {
			break
		}
		if err := p.headers.add(line); err != nil {
			return err
		}
	}
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		r, err := p.headers.decode(line)
		if err != nil {
			return err
		}
		if err := p.deliver(r); err != nil {
			return err
		}
	}
}

// readVersion reads the first line. Doveadm writes an empty one before dsync begins, where it was reached by TCP.
func readVersion(in *bufio.Reader) error {
	line, err := readLine(in)
	if err != nil {
		return err
	}
	var major, minor int
	if n, _ := fmt.Sscanf(line, "VERSION\tdsync\t%d\t%d", &major, &minor); n != 2 {
		return &SyntaxError{fmt.Sprintf("%q is not the beginning of dsync", printable(line[:min(len(line), 200)]))}
	}
	if major != 3 {
		return &SyntaxError{fmt.Sprintf("it speaks version %d of dsync, and this is version 3", major)}
	}
	return nil
}

// readLine reads up to LF.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return string(bytes.TrimSuffix(line, []byte("\n"))), nil
		case len(line) > maxLine:
			return "", &SyntaxError{fmt.Sprintf("a line of more than %d octets", maxLine)}
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// deliver hands a record to who waits, and a request to who collects them.
func (p *peer) deliver(r record) error {
	switch r.letter {
	case 'R':
		return p.request(r)
	case goodbye:
		return &PeerError{}
	case 'F':
		if words := finishOf(r); words != nil {
			return words
		}
	}
	select {
	case p.said <- r:
		return nil
	case <-p.quit:
		return errClosed
	}
}

var errClosed = errors.New("the conversation is over")

// farewellTime is how long a server that takes nothing any more may take to say why.
const farewellTime = 2 * time.Second

// farewell returns why nothing more comes, nil if that is not known.
func (p *peer) farewell(ctx context.Context) error {
	timer := time.NewTimer(farewellTime)
	defer timer.Stop()
	for {
		select {
		case <-p.said: // nobody asks for it any more
			continue
		case <-p.ended:
		case <-ctx.Done():
		case <-timer.C:
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return plainCause(p.cause)
	}
}

// collect says who takes requests, and how many there may be.
func (p *peer) collect(take func(Request) error, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requested, p.requests = take, most
}

func (p *peer) request(r record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.requested == nil {
		return &SyntaxError{"a request for a message outside of a mailbox"}
	}
	if p.requests--; p.requests < 0 {
		return &SyntaxError{"more requests for messages than messages were named"}
	}
	request, err := requestOf(r)
	if err != nil {
		return err
	}
	return p.requested(request)
}

// raise allows one more request: another message was named.
func (p *peer) raise() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
}

// wait returns what was said next.
func (p *peer) wait(ctx context.Context, timeout time.Duration) (record, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-p.said:
		return r, nil
	default:
	}
	select {
	case r := <-p.said:
		return r, nil
	case <-p.ended:
		select { // it may have said something before it left
		case r := <-p.said:
			return r, nil
		default:
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return record{}, plainCause(p.cause)
	case <-ctx.Done():
		return record{}, ctx.Err()
	case <-timer.C:
		return record{}, fmt.Errorf("it has said nothing for %s: %w", timeout, os.ErrDeadlineExceeded)
	}
}

// plainCause says in words that the stream has ended.
func plainCause(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server has ended the connection: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// fit says whether the server has announced what is needed of it.
func (p *peer) fit() error {
	needed := map[byte][]string{'N': {"name", "existence"}, 'B': {"mailbox_guid", "uid_validity", "uid_next", "messages_count"}, 'R': {"guid", "uid"}}
	for letter, names := range needed {
		have := map[string]bool{}
		for _, name := range p.headers[letter] {
			have[name] = true
		}
		for _, name := range names {
			if !have[name] {
				return &SyntaxError{fmt.Sprintf("its item %c has no field %s (it has: %s)", letter, name,
					printable(strings.Join(p.headers[letter], " ")))}
			}
		}
	}
	return nil
}
