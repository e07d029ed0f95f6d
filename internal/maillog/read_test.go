// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"rehome"
)

const threeLines = "Nov 20 10:00:00 mail postfix/lmtp[99]: 4C2F: to=<anna@a.test>, relay=x, dsn=2.0.0, status=sent (250 ok)\n" +
	"Nov 21 10:00:00 mail dovecot: pop3-login: Login: user=<klaus@a.test>, method=PLAIN\n" +
	"Nov 22 10:00:00 mail sshd[7]: Accepted publickey for root\n"

// packed returns the text in the form that the file's name says.
func packed(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		zipped := gzip.NewWriter(&out)
		zipped.ModTime = time.Date(2021, 11, 23, 0, 0, 0, 0, time.UTC)
		w = zipped
	case ".xz":
		w, err = xz.NewWriter(&out)
	case ".zst":
		w, err = zstd.NewWriter(&out)
	case ".bz2": // the standard library only reads it
		content, err := os.ReadFile("testdata/three-lines.bz2")
		if err != nil {
			t.Fatal(err)
		}
		return content
	default:
		return []byte(threeLines)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, threeLines)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRead_everyCompression(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"maillog", "maillog.gz", "maillog.bz2", "maillog.xz", "maillog.zst"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), name)
			content := packed(t, name)
			write(t, file, content)
			var names []string
			summary, err := Read(t.Context(), []string{file}, func(e Event) { names = append(names, e.Names...) })
			if want := []string{"anna@a.test", "klaus@a.test"}; err != nil || !slices.Equal(names, want) || !summary.Complete() {
				t.Errorf("got %q, %v, %v, want %q", names, summary.Unread, err, want)
			}
			want := Counts{Lines: 3, Deliveries: 1, POPLogins: 1, Logins: 1, NotUnderstood: 1}
			year := map[bool]int{true: 2021, false: 2026}[name == "maillog.gz"] // which says when it was written
			one := summary.Each[0]
			if summary.Counts != want || one.Counts != want || one.From.Format(time.DateOnly) != fmt.Sprintf("%d-11-20", year) ||
				!strings.Contains(one.First, "sshd") {
				t.Errorf("got %+v", one)
			}
			if name == "maillog" {
				return
			}
			write(t, file+".torn", content[:len(content)-6])
			summary, _ = Read(t.Context(), []string{file + ".torn"}, func(Event) {})
			if summary.Complete() {
				t.Errorf("torn: got %+v, want it to be said", summary)
			}
		})
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(file, when, when); err != nil {
		t.Fatal(err)
	}
}

func TestRead_whatIsNotUnderstoodIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := strings.Repeat("2026-11-20 10:00:00 1uXyZa-0003Kq-2f => ", 10000)
	for name, content := range map[string]string{
		"good": threeLines, "odd": "\nwhen;whom\x1b[2J\n1;fax@a.test\n", "old.Z": "\x1f\x9dxyz", "long": long + "\n\x00\xff\xfe@@@\n" + threeLines,
		"torn.gz": "\x1f\x8bnothing of the kind", "big.xz": "\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28\x00\x00\x00",
		"empty": "",
	} {
		write(t, filepath.Join(dir, name), []byte(content))
	}
	summary, err := Read(t.Context(), []string{dir, filepath.Join(dir, "good")}, func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(summary.Unread, "\n")
	for _, want := range []string{`odd: nothing in it was understood; its first line is "when;whom\x1b[2J"`, "old.Z: was compressed by compress",
		"torn.gz: ", "big.xz: needs more memory"} {
		if !strings.Contains(said, want) {
			t.Errorf("got\n%s\nwant %s in it", said, want)
		}
	}
	if want := (Counts{Lines: 10, Deliveries: 2, POPLogins: 2, Logins: 2, NotUnderstood: 6, Cut: 1}); summary.Counts != want || summary.Files != 7 ||
		len(summary.Unread) != 4 {
		t.Errorf("got %+v of %d files and\n%s\nwant %+v of 7", summary.Counts, summary.Files, said, want)
	}
	_, err = Read(t.Context(), []string{filepath.Join(dir, "odd")}, func(Event) {})
	if err == nil || !strings.Contains(err.Error(), "when;whom") || rehome.HintOf(err) == "" {
		t.Errorf("got %v, want the first line and a hint", err)
	}
	for _, names := range []string{"empty", "not-there"} {
		if _, err := Read(t.Context(), []string{filepath.Join(dir, names)}, func(Event) {}); rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint", names, err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Read(stopped, []string{dir}, func(Event) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// What qmail has begun in one file may end in the next one, or in none that is there.
func TestRead_deliveriesThatGoOnInTheNextFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "@1"), []byte("starting delivery 7: msg 1 to local fax@a.test\nstarting delivery 8: msg 1 to local jobs@a.test\n"))
	write(t, filepath.Join(dir, "current"), []byte("delivery 7: success: did_1+0+0/\n"))
	var names []string
	if _, err := Read(t.Context(), []string{dir}, func(e Event) { names = append(names, e.Names...) }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"fax@a.test", "jobs@a.test"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}
