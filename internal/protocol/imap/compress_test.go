// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"compress/flate"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// deflated is a connection whose both directions are compressed, seen from the server.
type deflated struct {
	net.Conn
	in  io.Reader
	out *flate.Writer
}

func (d *deflated) Read(p []byte) (int, error) { return d.in.Read(p) }

func (d *deflated) Write(p []byte) (int, error) {
	n, err := d.out.Write(p)
	if err == nil {
		err = d.out.Flush()
	}
	return n, err
}

// compress goes on compressed.
func (s *script) compress() {
	s.t.Helper()
	writer, err := flate.NewWriter(s.conn, flate.BestSpeed)
	if err != nil {
		s.fail("compress: %v", err)
	}
	s.conn = &deflated{Conn: s.conn, in: flate.NewReader(s.in), out: writer}
	s.in = bufio.NewReader(s.conn)
}

func TestCompress_bothDirections(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcde\r\n", 50_000)
	client := connect(t, "COMPRESS=DEFLATE LITERAL+", func(s *script) {
		s.send("* 1 EXISTS", s.expect("COMPRESS DEFLATE")+" OK go on compressed")
		s.compress()
		s.send("* 2 EXISTS") // at once, in the same packet as the answer perhaps
		tag := s.expect(`APPEND "INBOX" \{\d+\+\}`)
		if got := s.octets(len(body)); got != body {
			s.fail("another body arrives")
		}
		s.line()
		s.send(tag + " OK done")
		s.ok(`UID FETCH 1 .*`, "* 1 FETCH (UID 1 BODY[] {6}\r\nabc\r\n\xff)")
		s.silent()
	})
	if err := client.Compress(within(t)); err != nil {
		t.Fatal(err)
	}
	appendBytes(t, client, "INBOX", []byte(body))
	got := ""
	fetch, err := client.Fetch(within(t), rangeSet(1, 1), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) error {
		data, err := io.ReadAll(l)
		got = string(data)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch.Wait(within(t)); err != nil || got != "abc\r\n\xff" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCompress_refusedAndNotOffered(t *testing.T) {
	t.Parallel()
	client := connect(t, "COMPRESS=DEFLATE", func(s *script) {
		s.send(s.expect("COMPRESS DEFLATE") + " NO [COMPRESSIONACTIVE] below already")
		s.ok("NOOP")
		s.silent()
	})
	if err := client.Compress(within(t)); !IsCode(err, "COMPRESSIONACTIVE") {
		t.Errorf("got %v", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
	plain := connect(t, "", func(s *script) { s.silent() })
	var unsupported *UnsupportedError
	if err := plain.Compress(within(t)); !errors.As(err, &unsupported) {
		t.Errorf("got %v, want %T", err, unsupported)
	}
}

func TestCompress_nonsenseEndsTheConnection(t *testing.T) {
	t.Parallel()
	client := connectWith(t, Options{Timeout: 2 * time.Second}, "COMPRESS=DEFLATE", func(s *script) {
		s.send(s.expect("COMPRESS DEFLATE") + " OK")
		s.raw("\xff\xff\xff* 2 EXISTS\r\n")
		s.hungUp()
	})
	var corrupt flate.CorruptInputError
	if err := errors.Join(client.Compress(within(t)), client.Noop(within(t))); !errors.As(err, &corrupt) {
		t.Errorf("got %v, want %T", err, corrupt)
	}
}
