// SPDX-License-Identifier: Apache-2.0

// Package roster reads people.csv: the accounts of a source that has no database, or what an
// operator knows better than the database.
//
// The first line names the columns. EmailAddress must be there; FirstName, LastName, Password,
// SourceUser, SourcePassword, DestinationUser and DestinationPassword may be. Case, spaces,
// hyphens and underscores in these names do not matter, and neither does the order. The rows are
// CSV (RFC 4180) in UTF-8, separated by comma, semicolon or TAB.
//
// Password is the password that the account has now, at the source. Where SourcePassword is given,
// that is the one at the source, and Password is the one that the account gets, unless
// DestinationPassword says that.
//
// The package does not judge passwords, and does not check who may read the file. A caller reads
// with Load and lays the result over a database's accounts with Merge.
package roster

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"rehome"
)

// bounds say what is still a roster. It is written by people for people: what is larger is a wrong
// file.
type bounds struct {
	file int64 // octets
	rows int
}

var usual = bounds{file: 128 << 20, rows: 1_000_000}

// maxField bounds one field in octets.
const maxField = 4 << 10

// Load reads the roster at path. If anything is wrong, the Fault's cause is Problems with every
// broken row.
func Load(path string) ([]rehome.Account, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "open roster", Object: path, Cause: withoutPath(err),
			Hint: "check the path; the first line of the file is EmailAddress,FirstName,LastName,Password",
		}
	}
	defer f.Close()
	return Parse(path, f)
}

func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// Parse reads a roster. The name stands for it in errors.
func Parse(name string, r io.Reader) ([]rehome.Account, error) { return parse(name, r, usual) }

func parse(name string, r io.Reader, most bounds) ([]rehome.Account, error) {
	limited := &io.LimitedReader{R: r, N: most.file + 1}
	text := bufio.NewReaderSize(limited, 64<<10)
	if err := skipByteOrderMark(text); err != nil {
		return nil, fault(name, err, `save it as "CSV UTF-8"`)
	}
	rows := csv.NewReader(text)
	rows.Comma = detectDelimiter(text)
	rows.FieldsPerRecord = -1 // counted here, so that the reason names both counts
	rows.ReuseRecord = true

	p := &parser{rows: rows, maxRows: most.rows, seen: map[string]int{}}
	if err := p.readHeader(); err != nil {
		return nil, fault(name, err, "the first line names the columns: EmailAddress,FirstName,LastName,Password")
	}
	if err := p.readRows(); err != nil {
		return nil, fault(name, err, "")
	}
	if limited.N <= 0 {
		return nil, fault(name, fmt.Errorf("the file is larger than %d MiB", most.file>>20), "check that this is the right file")
	}
	if len(p.problems) > 0 {
		return nil, fault(name, &Problems{File: name, List: p.problems},
			"correct these rows; nothing was imported from the file")
	}
	return p.accounts, nil
}

func fault(name string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read roster", Object: name, Cause: cause, Hint: hint}
}

func skipByteOrderMark(text *bufio.Reader) error {
	head, _ := text.Peek(3)
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		_, err := text.Discard(3)
		return err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16, not UTF-8")
	}
	return nil
}

// detectDelimiter returns the delimiter with which the first line names the most columns.
func detectDelimiter(text *bufio.Reader) rune {
	head, _ := text.Peek(text.Size())
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	best := ','
	most := 0
	for _, delimiter := range []rune{',', ';', '\t'} {
		known := 0
		for label := range bytes.SplitSeq(line, []byte(string(delimiter))) {
			if _, ok := columnOf(string(label)); ok {
				known++
			}
		}
		if known > most {
			best = delimiter
			most = known
		}
	}
	return best
}
