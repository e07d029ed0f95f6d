// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rehome"
)

// The bounds of reading logs.
const (
	maxLine  = 64 << 10 // octets; the rest of a longer line is skipped
	maxFiles = 10000
	maxFile  = 64 << 30 // octets of one file after decompression
)

// LogsRead says what ReadLogs has looked at.
type LogsRead struct {
	Files      int      `json:"files"`
	Lines      int      `json:"lines"`
	Deliveries int      `json:"deliveries"` // lines that tell of one
	Cut        int      `json:"cut"`        // lines longer than the bound
	Unread     []string `json:"unread"`     // files with the reason
}

// ReadLogs reads mail logs of Exim and Postfix, plain or gzip, and hands every delivery to see. A path
// is a file, or a folder of which every regular file is read, without following links. A file that
// cannot be read to its end is in Unread, what came before counts; that a path is not there is an error.
func ReadLogs(ctx context.Context, paths []string, see func(Sighting)) (LogsRead, error) {
	read := LogsRead{Unread: []string{}}
	files, err := logFiles(paths)
	if err != nil {
		return read, err
	}
	for _, file := range files {
		err := read.file(ctx, file, see)
		if ctx.Err() != nil {
			return read, ctx.Err()
		}
		if err != nil {
			read.Unread = append(read.Unread, fmt.Sprintf("%s: %v", file, err))
		}
	}
	return read, nil
}

// logFiles lists the files once each.
func logFiles(paths []string) ([]string, error) {
	var files []string
	for _, root := range paths {
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
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read logs", Object: root, Cause: err,
				Hint: "name mail logs of the source, or folders that contain them"}
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func (r *LogsRead) file(ctx context.Context, name string, see func(Sighting)) error {
	file, err := os.Open(name)
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
	r.Files++
	content := bufio.NewReader(file)
	if magic, _ := content.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) { // RFC 1952 section 2.3.1
		return r.lines(ctx, content, info.ModTime(), see)
	}
	unzipped, err := gzip.NewReader(content)
	if err != nil {
		return err
	}
	return r.lines(ctx, unzipped, info.ModTime(), see)
}

func (r *LogsRead) lines(ctx context.Context, content io.Reader, latest time.Time, see func(Sighting)) error {
	limited := &io.LimitedReader{R: content, N: maxFile}
	lines := bufio.NewReaderSize(limited, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			r.Lines++
			found := inLine(string(bytes.TrimRight(line, "\r\n")), latest)
			for _, s := range found {
				see(s)
			}
			if len(found) > 0 {
				r.Deliveries++
			}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			r.Cut++
			for errors.Is(err, bufio.ErrBufferFull) {
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
		if r.Lines%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
