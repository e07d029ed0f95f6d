// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"rehome"

	"github.com/zalando/go-keyring"
)

// A secret longer than this is not a secret but a mistake.
const maxSecret = 64 << 10

// A command that asks a vault answers in seconds; one that waits for a key press gets some time.
const secretCommandTimeout = 60 * time.Second

// loginVariable tells a command whose secret is asked for.
const loginVariable = "REHOME_LOGIN"

// The places where a secret may be kept.
const (
	schemeEnv     = "env"
	schemeFile    = "file"
	schemeCommand = "cmd"
	schemeKeyring = "keyring"
)

// howToRefer is the hint for everything that is not a reference.
const howToRefer = "write where the secret is kept: env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER"

// Reference says where a secret is kept. It never holds the secret itself.
//
//	env:NAME              an environment variable
//	file:PATH             a file that only its owner may read; one line end at the end is cut off
//	cmd:PROGRAM ARG...    what a program prints; it is started without a shell, words are split at
//	                      blanks, quotes hold words together, nothing is expanded
//	keyring:SERVICE/USER  the keyring of the desktop or system
type Reference struct {
	raw  string
	base string // folder that relative paths and commands start from
}

// IsZero reports whether nothing is referred to.
func (r Reference) IsZero() bool { return r.raw == "" }

// UnmarshalText takes the text as it is; the check of the whole file judges it, with its place.
func (r *Reference) UnmarshalText(text []byte) error {
	r.raw = string(text)
	return nil
}

// String returns the reference, of a command only its program. A text that is no reference may be
// the secret itself and is masked.
func (r Reference) String() string {
	scheme, rest, ok := r.split()
	if !ok {
		if r.raw == "" {
			return ""
		}
		return rehome.NewSecret(r.raw).String()
	}
	if scheme == schemeCommand {
		words, _ := splitWords(rest) // split has proved that there is one
		rest = words[0]
	}
	return scheme + ":" + rest
}

// GoString is String, so that %#v does not look inside.
func (r Reference) GoString() string { return r.String() }

// MarshalText writes what String returns.
func (r Reference) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Resolve fetches the secret. Every call asks again, so a caller keeps the answer. No reference
// gives no secret and no error. Errors are of ClassOperator and wrap a *SettingsError.
func (r Reference) Resolve(ctx context.Context) (rehome.Secret, error) { return r.ResolveFor(ctx, "") }

// ResolveFor is Resolve for one log-in name, which a command finds in the variable REHOME_LOGIN. It may
// be called by several goroutines.
func (r Reference) ResolveFor(ctx context.Context, login string) (rehome.Secret, error) {
	if r.IsZero() {
		return rehome.Secret{}, nil
	}
	value, hint, err := r.fetch(ctx, login)
	if err == nil && value == "" {
		err, hint = errors.New("it is empty"), "store the secret there"
	}
	if err != nil {
		return rehome.Secret{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read secret", Object: r.String(),
			Cause: &SettingsError{Cause: err}, Hint: hint}
	}
	return rehome.NewSecret(value), nil
}

func (r Reference) fetch(ctx context.Context, login string) (value, hint string, err error) {
	scheme, rest, ok := r.split()
	if !ok {
		return "", howToRefer, errors.New("is not a reference to a secret")
	}
	switch scheme {
	case schemeEnv:
		return fromEnvironment(rest)
	case schemeFile:
		return fromFile(r.place(rest))
	case schemeCommand:
		return fromCommand(ctx, rest, r.base, login)
	default:
		return fromKeyring(ctx, rest, keyring.Get)
	}
}

// split takes the reference apart; not ok is a text that does not refer to anything.
func (r Reference) split() (scheme, rest string, ok bool) {
	scheme, rest, found := strings.Cut(r.raw, ":")
	rest = strings.TrimSpace(rest)
	if !found || rest == "" {
		return "", "", false
	}
	switch scheme {
	case schemeEnv, schemeFile:
		return scheme, rest, true
	case schemeCommand:
		words, err := splitWords(rest)
		return scheme, rest, err == nil && words[0] != ""
	case schemeKeyring:
		service, user, both := cutLast(rest, "/")
		return scheme, rest, both && service != "" && user != ""
	}
	return "", "", false
}

func (r Reference) place(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.base, path)
}

// File returns the path of the file that holds the secret, or "" if it is kept elsewhere.
func (r Reference) File() string {
	scheme, rest, ok := r.split()
	if !ok || scheme != schemeFile {
		return ""
	}
	return r.place(rest)
}

func fromEnvironment(name string) (value, hint string, err error) {
	value, set := os.LookupEnv(name)
	if !set {
		return "", "export " + name + " before you start rehome", errors.New("the variable is not set")
	}
	return value, "", nil
}

func fromFile(path string) (value, hint string, err error) {
	f, err := os.Open(path)
	if err != nil {
		hint = "write the secret into this file and run: chmod 600 " + path
		if errors.Is(err, fs.ErrPermission) {
			hint = "run rehome as the user who owns " + path + ", or run: chown " + strconv.Itoa(os.Geteuid()) + " " + path
		}
		return "", hint, withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat() // of the open file, so that nobody can exchange it in between
	if err != nil {
		return "", "", err
	}
	if info.IsDir() {
		return "", "name a file", errors.New("it is a folder")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", "run: chmod 600 " + path, fmt.Errorf("others can read it (mode %04o)", info.Mode().Perm())
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", "", err
	}
	return trimmed(content)
}

// fromCommand runs a program and takes what it prints. Its standard error goes into the message,
// because that is where a vault says what it lacks.
func fromCommand(ctx context.Context, line, dir, login string) (value, hint string, err error) {
	words, err := splitWords(line)
	if err != nil {
		return "", howToRefer, err
	}
	ctx, cancel := context.WithTimeout(ctx, secretCommandTimeout)
	defer cancel()
	stdout := &boundedBuffer{limit: maxSecret + 1}
	stderr := &boundedBuffer{limit: 1 << 10}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Stdout = stdout
	cmd.Stderr = stderr
	cmd.WaitDelay = time.Second
	if login != "" {
		cmd.Env = append(os.Environ(), loginVariable+"="+login)
	}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer: %w", ctx.Err())
		}
		if said := lastLine(string(stderr.kept)); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return "", "run the command by hand and see what it says", err
	}
	return trimmed(stdout.kept)
}

func fromKeyring(ctx context.Context, rest string, get func(service, user string) (string, error)) (value, hint string, err error) {
	service, user, _ := cutLast(rest, "/")
	type answer struct {
		value string
		err   error
	}
	answered := make(chan answer, 1) // the keyring's client knows no context
	go func() {
		value, err := get(service, user)
		answered <- answer{value, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil {
			return "", "on a server without a keyring use file: or cmd:", a.err
		}
		return a.value, "", nil
	case <-ctx.Done():
		return "", "unlock the keyring", ctx.Err()
	}
}

// trimmed cuts one line end off, which editors and programs add.
func trimmed(content []byte) (value, hint string, err error) {
	if len(content) > maxSecret {
		return "", "", fmt.Errorf("it is longer than %d octets", maxSecret)
	}
	content = bytes.TrimSuffix(content, []byte("\n"))
	return string(bytes.TrimSuffix(content, []byte("\r"))), "", nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// boundedBuffer keeps the first octets and lets the rest go by.
type boundedBuffer struct {
	kept  []byte
	limit int
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(b.limit-len(b.kept), len(p))]...)
	return len(p), nil
}
