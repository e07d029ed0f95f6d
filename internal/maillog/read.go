// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
)

// The bounds of reading logs.
const (
	maxLine  = 64 << 10 // octets; the rest of a longer line is skipped
	maxFiles = 10000
	maxFile  = 64 << 30 // octets of one file after decompression
	maxShown = 200      // octets of a line that is shown
)

// Counts are those of one file, or of all.
type Counts struct {
	Lines         int `json:"lines"`
	Deliveries    int `json:"deliveries"`     // at least: of those that several programs of one host tell of, each counts once
	POPLogins     int `json:"pop_logins"`     // lines that tell of one
	Logins        int `json:"logins"`         // lines about any log-in, these among them
	Uses          int `json:"uses"`           // lines that tell of a program that uses an account, where these were looked for
	NotUnderstood int `json:"not_understood"` // lines of no mail program that is known, or in no form that is known
	Cut           int `json:"cut"`            // lines longer than the bound
}

// File says what one file was.
type File struct {
	File string `json:"file"`
	Counts
	From  time.Time `json:"from,omitzero"` // of the lines that have a time
	To    time.Time `json:"to,omitzero"`
	First string    `json:"first_not_understood,omitempty"` // the first such line, cut
	Error string    `json:"error,omitempty"`                // it was not read to its end, or nothing of it was understood

	stages [3]int // lines that tell of a delivery, by stage
}

// Summary says what Read has looked at.
type Summary struct {
	Files int `json:"files"`
	Counts
	Unread []string `json:"unread"` // files with the reason: not read to their end, or not understood
	Each   []File   `json:"each"`
}

// Complete reports whether every file was read to its end and understood, at least in part.
func (s Summary) Complete() bool { return len(s.Unread) == 0 }

// Read reads mail logs, plain or compressed, and hands every delivery and POP3 log-in to see, and each line that was not
// understood and has addresses in it. A path is a file, or a
// folder of which every regular file is read, without following links. A file that cannot be read to its end is in
// Unread, what came before counts; so is one of which nothing was understood. It is an error if a path is not there, and
// if nothing was understood in any file.
func Read(ctx context.Context, paths []string, see func(Event)) (Summary, error) {
	return read(ctx, newParser(), paths, see)
}

func read(ctx context.Context, parser *parser, paths []string, see func(Event)) (Summary, error) {
	summary := Summary{Unread: []string{}, Each: []File{}}
	files, err := logFiles(paths)
	if err != nil {
		return summary, err
	}
	for _, name := range files {
		one := File{File: name}
		err := one.read(ctx, parser, see)
		if ctx.Err() != nil {
			return summary, ctx.Err()
		}
		if err != nil {
			one.Error = err.Error()
		}
		summary.add(one)
	}
	for _, event := range parser.unfinished() {
		see(event)
	}
	return summary, summary.nothingUnderstood()
}

func (s *Summary) add(one File) {
	s.Files++
	s.Lines += one.Lines
	s.Deliveries += one.Deliveries
	s.POPLogins += one.POPLogins
	s.Logins += one.Logins
	s.Uses += one.Uses
	s.NotUnderstood += one.NotUnderstood
	s.Cut += one.Cut
	s.Each = append(s.Each, one)
	if one.Error != "" {
		s.Unread = append(s.Unread, one.File+": "+one.Error)
	}
}

// nothingUnderstood is the error of files none of which tells anything: that is not the same as nobody.
func (s Summary) nothingUnderstood() error {
	if s.Lines > s.NotUnderstood || len(s.Each) == 0 {
		return nil
	}
	object, cause := s.Each[0].File, "there is no line in it"
	if i := slices.IndexFunc(s.Each, func(one File) bool { return one.Error != "" }); i >= 0 {
		object, cause = s.Each[i].File, s.Each[i].Error
	} else if len(s.Each) > 1 {
		object, cause = fmt.Sprintf("(%d files)", s.Files), "there is no line in any of them"
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read logs", Object: object, Cause: errors.New(cause),
		Hint: "name a log of Exim (main log), Postfix, Sendmail, qmail, Courier or Dovecot, as a file of its own or from syslog"}
}

// logFiles lists the files once each.
func logFiles(paths []string) ([]string, error) {
	var files []string
	for _, root := range paths {
		before := len(files)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case len(files) >= maxFiles:
				return fmt.Errorf("contains more than %d files", maxFiles)
			case entry.Type().IsRegular() || path == root && !entry.IsDir():
				files = append(files, filepath.Clean(path))
			}
			return nil
		})
		if err == nil && len(files) == before {
			err = errors.New("contains no file (links are not followed)")
		}
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read logs", Object: root, Cause: err,
				Hint: "name mail logs of the source, or folders that contain them"}
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func (f *File) read(ctx context.Context, p *parser, see func(Event)) error {
	file, err := os.Open(f.File)
	if err != nil {
		return errors.Unwrap(err)
	}
	defer file.Close() // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	text, written, err := plain(file)
	if err != nil {
		return err
	}
	if closer, is := text.(interface{ Close() }); is { // a zstd decoder has buffers to give back
		defer closer.Close()
	}
	p.latest = info.ModTime()
	if !written.IsZero() && written.Before(p.latest) {
		p.latest = written
	}
	if err := f.lines(ctx, text, p, see); err != nil {
		return err
	}
	if f.Lines > 0 && f.Lines == f.NotUnderstood {
		return fmt.Errorf("nothing in it was understood; its first line is %q", f.First)
	}
	return nil
}

func (f *File) lines(ctx context.Context, content io.Reader, p *parser, see func(Event)) error {
	limited := &io.LimitedReader{R: content, N: maxFile}
	lines := bufio.NewReaderSize(limited, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if text := strings.TrimSpace(string(line)); text != "" {
			f.take(text, p.line(text), see)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			f.Cut++
			for errors.Is(err, bufio.ErrBufferFull) && ctx.Err() == nil {
				_, err = lines.ReadSlice('\n')
			}
		}
		switch {
		case errors.Is(err, io.EOF) && limited.N == 0:
			return fmt.Errorf("is longer than %d octets", int64(maxFile))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if f.Lines%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// take counts one line and hands it on.
func (f *File) take(text string, event Event, see func(Event)) {
	f.Lines++
	if event.Kind == NotUnderstood {
		f.NotUnderstood++
		if f.First == "" {
			f.First = strings.ToValidUTF8(text[:min(len(text), maxShown)], "?")
		}
		if event.Names = AddressesIn(text); len(event.Names) > 0 {
			see(event)
		}
		return
	}
	f.span(event.When)
	switch event.Kind {
	case Delivery:
		f.stages[event.Stage]++
		f.Deliveries = slices.Max(f.stages[:])
		see(event)
	case POPLogin:
		f.POPLogins++
		f.Logins++
		see(event)
	case OtherLogin:
		f.Logins++
	case Used:
		f.Uses++
		see(event)
	}
}

// span widens the time that the file covers.
func (f *File) span(when time.Time) {
	if when.IsZero() {
		return
	}
	if f.From.IsZero() || when.Before(f.From) {
		f.From = when
	}
	if when.After(f.To) {
		f.To = when
	}
}
