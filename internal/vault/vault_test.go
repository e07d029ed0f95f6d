// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
)

// newIdentity returns an identity and the path of its file.
func newIdentity(t *testing.T) (*Identity, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets", "identity.txt")
	recipient, err := CreateIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := identity.Recipients(); len(got) != 1 || got[0] != recipient {
		t.Fatalf("got recipients %q, want %q", got, recipient)
	}
	return identity, path
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("got mode %v of %s, want %v", got, path, want)
	}
}

// wantFault checks class, text and hint of a Fault.
func wantFault(t *testing.T, err error, class rehome.Class, text, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	if got := rehome.ClassOf(err); got != class {
		t.Errorf("got class %q, want %q, of: %v", got, class, err)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("got error %q, want %q in it", err, text)
	}
	if got := rehome.HintOf(err); !strings.Contains(got, hint) {
		t.Errorf("got hint %q, want %q in it", got, hint)
	}
}

func TestCreateIdentity_isPrivateAndNeverReplaced(t *testing.T) {
	t.Parallel()
	_, path := newIdentity(t)
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), 0o700)
	before, _ := os.ReadFile(path)
	_, err := CreateIdentity(path)
	wantFault(t, err, rehome.ClassOperator, "the file exists", "move it away")
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) {
		t.Error("the identity was replaced")
	}
}

func TestIdentity_neverShows(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	if shown := fmt.Sprintf("%v %+v %#v %s %v", identity, identity, identity, identity, *identity); strings.Contains(shown, "SECRET") {
		t.Errorf("the identity shows: %s", shown)
	}
}

func TestLoadIdentity_refuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		name, content string
		mode          fs.FileMode
		text, hint    string
	}{
		{"open", "AGE-SECRET-KEY-1", 0o640, "users other than its owner have access (mode -rw-r-----)", "chmod 600 "},
		{"world", "AGE-SECRET-KEY-1", 0o604, "users other than its owner have access", "chmod 600 "},
		{"empty", "# nothing\n", 0o600, "not an age identity file", "AGE-SECRET-KEY-"},
		{"half", "AGE-SECRET-KEY-1QQQQ\n", 0o600, "not an age identity file", "AGE-SECRET-KEY-"},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadIdentity(path)
		wantFault(t, err, rehome.ClassOperator, c.text, c.hint)
		if strings.Contains(err.Error(), "QQQQ") {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
	_, err := LoadIdentity(filepath.Join(dir, "missing"))
	wantFault(t, err, rehome.ClassOperator, "missing", "rehome init")
}

func TestCheckPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckPrivate(path); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	wantFault(t, CheckPrivate(path), rehome.ClassOperator, path, "run: chmod 600 "+path)
	wantFault(t, CheckPrivate(path+"x"), rehome.ClassOperator, "no such file", "")
}

func TestSeal_opensForEachRecipientOnly(t *testing.T) {
	t.Parallel()
	anna, _ := newIdentity(t)
	ben, _ := newIdentity(t)
	eve, _ := newIdentity(t)
	path := filepath.Join(t.TempDir(), "list.age")
	plaintext := bytes.Repeat([]byte("0123456789abcdef"), 1<<14) // several pieces of 64 KiB
	if err := Seal(path, append(anna.Recipients(), ben.Recipients()...), plaintext); err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	for _, identity := range []*Identity{anna, ben} {
		got, err := Open(path, identity)
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("got %d octets, %v, want %d", len(got), err, len(plaintext))
		}
	}
	_, err := Open(path, eve)
	wantFault(t, err, rehome.ClassOperator, "sealed for another recipient", "belongs to a recipient")
}

func TestSeal_takesSSHRecipients(t *testing.T) {
	t.Parallel()
	const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE3Gc2wBEjmsiHnsk8YFAv/CQ1L5Y2yerYb/DnwImWi0 somebody"
	path := filepath.Join(t.TempDir(), "list.age")
	if err := Seal(path, []string{sshKey}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	sealed, _ := os.ReadFile(path)
	if !bytes.Contains(sealed, []byte("-> ssh-ed25519 ")) {
		t.Errorf("no ssh recipient in %q", sealed[:60])
	}
}

func TestSeal_refusesBadRecipients(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	good := identity.Recipients()[0]
	path := filepath.Join(t.TempDir(), "list.age")
	for _, c := range []struct {
		recipients []string
		text       string
	}{
		{nil, "no recipient is given"},
		{[]string{good, "age1nonsense"}, "recipient 2 of 2 is not valid"},
		{[]string{"ssh-rsa AAAA"}, "recipient 1 of 1 is not valid"},
		{[]string{good + "\n" + good}, "recipient 1 of 1 is not valid"},
		{[]string{""}, "recipient 1 of 1 is not valid"},
	} {
		err := Seal(path, c.recipients, []byte("x"))
		wantFault(t, err, rehome.ClassOperator, c.text, "")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
}

func TestWriteFiles_aFailureLeavesTheOldOnes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "sheet")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := WriteFiles(map[string][]byte{path: []byte("new"), filepath.Join(path, "below"): nil})
	wantFault(t, err, rehome.ClassOperator, "below", "folder exists")
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("got %q, want the old content", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	below := filepath.Join(dir, "people", "letter")
	if err := WriteFiles(map[string][]byte{path: []byte("new"), below: []byte("letter")}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("got %q, want the new content", got)
	}
	wantMode(t, below, 0o600)
	wantMode(t, filepath.Dir(below), 0o700)
}

func TestWriteNew_neverReplaces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new")
	if err := WriteNew(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want one that the file exists", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "first" {
		t.Errorf("got %q", got)
	}
	wantMode(t, path, 0o600)
}

func TestOpen_damaged(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	path := filepath.Join(t.TempDir(), "list.age")
	if err := Seal(path, identity.Recipients(), bytes.Repeat([]byte("x"), 200_000)); err != nil {
		t.Fatal(err)
	}
	sealed, _ := os.ReadFile(path)
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-100_000] ^= 1
	for name, content := range map[string][]byte{
		"cut":     sealed[:len(sealed)-1000],
		"piece":   sealed[:len(sealed)-100_000],
		"flipped": flipped,
	} {
		damaged := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(damaged, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Open(damaged, identity)
		wantFault(t, err, rehome.ClassPermanent, name, "damaged")
		if got != nil {
			t.Errorf("%s: got %d octets of a damaged file", name, len(got))
		}
	}
	other := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(other, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(other, identity)
	wantFault(t, err, rehome.ClassPermanent, "not a binary age file", "check the path")
}

// A link that somebody has planted is not followed, and an older file's mode is not kept.
func TestWriteFiles_replacesFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link, open := filepath.Join(dir, "target"), filepath.Join(dir, "link"), filepath.Join(dir, "open")
	if err := errors.Join(os.WriteFile(target, []byte("precious"), 0o600), os.Symlink(target, link),
		os.WriteFile(open, []byte("old"), 0o600), os.Chmod(open, 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dir} {
		err := WriteFiles(map[string][]byte{filepath.Join(dir, "first"): []byte("x"), path: []byte("secret")})
		if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(rehome.HintOf(err), "another file") {
			t.Errorf("%s: got %v", path, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "first")); !os.IsNotExist(err) {
			t.Errorf("%s: the others were written all the same", path)
		}
	}
	if err := WriteFile(open, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	wantMode(t, open, 0o600)
	if got, err := os.ReadFile(target); err != nil || string(got) != "precious" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := WriteNew(link, []byte("secret")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}

func TestWriteNew_leavesWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "new")
	if err := WriteNew(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	if err := WriteNew(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("got %q, %v", got, err)
	}
	plain := filepath.Join(dir, "plain") // as on a file system without second names
	if err := errors.Join(os.WriteFile(plain, []byte("x"), 0o600), copyNew(plain, filepath.Join(dir, "copy"))); err != nil {
		t.Fatal(err)
	}
	if err := copyNew(plain, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}

func TestWriteStream_allOrNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "sheet")
	broken := errors.New("broken")
	for _, c := range []struct {
		text string
		err  error
		want string
	}{{"one", nil, "one"}, {"tw", broken, "one"}, {"three", nil, "three"}} {
		err := WriteStream(path, func(w io.Writer) error { _, err := io.WriteString(w, c.text); return errors.Join(err, c.err) })
		if !errors.Is(err, c.err) {
			t.Errorf("got %v, want %v", err, c.err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
			t.Errorf("got %q, %v, want %q", got, err, c.want)
		}
		if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
			t.Errorf("got %v, %v, want nothing left behind", files, err)
		}
	}
	if err := CheckPrivate(path); err != nil {
		t.Error(err)
	}
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteStream(link, func(io.Writer) error { t.Error("a link was followed"); return nil }); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
	}
}
