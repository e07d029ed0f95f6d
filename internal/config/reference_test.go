// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
)

func TestReference_environment(t *testing.T) {
	t.Setenv("REHOME_TEST_SECRET", "s3cret")
	got, err := Reference{raw: "env:REHOME_TEST_SECRET"}.Resolve(t.Context())
	if err != nil || got.Reveal() != "s3cret" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
}

func TestReference_file(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		name, content string
		mode          os.FileMode
		want, fails   string
	}{
		{"unix", "s3cret\n", 0o600, "s3cret", ""},
		{"windows", "s3cret\r\n", 0o400, "s3cret", ""},
		{"blanks belong to it", " s3 cret \n\n", 0o600, " s3 cret \n", ""},
		{"group", "s3cret", 0o640, "", "others can read it (mode 0640)"},
		{"world", "s3cret", 0o604, "", "others can read it (mode 0604)"},
		{"nothing", "\n", 0o600, "", "it is empty"},
		{"huge", strings.Repeat("x", maxSecret+1), 0o600, "", "longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := os.WriteFile(filepath.Join(dir, test.name), []byte(test.content), test.mode); err != nil {
				t.Fatal(err)
			}
			r := Reference{raw: "file:" + test.name, base: dir}
			got, err := r.Resolve(t.Context())
			if test.fails == "" && (err != nil || got.Reveal() != test.want) {
				t.Errorf("got %q, %v, want %q", got.Reveal(), err, test.want)
			}
			if test.fails != "" {
				wantSettingsError(t, err, test.fails)
			}
		})
	}
}

// wantSettingsError checks the sentence, the class and that the error names no secret.
func wantSettingsError(t *testing.T, err error, sentence string) {
	t.Helper()
	var settings *SettingsError
	if !errors.As(err, &settings) || rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), sentence) {
		t.Errorf("got %v, want an operator's SettingsError with %q", err, sentence)
	}
	if err != nil && strings.Contains(err.Error()+rehome.HintOf(err), "s3cret") {
		t.Errorf("the error repeats the secret: %v", err)
	}
}

func TestReference_whatCannotBeFetched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct{ raw, sentence, hint string }{
		{"env:REHOME_NOT_SET", "read secret env:REHOME_NOT_SET: the variable is not set", "export REHOME_NOT_SET"},
		{"file:missing", "read secret file:missing: no such file or directory", "chmod 600 " + filepath.Join(dir, "missing")},
		{"file:.", "it is a folder", "name a file"},
		{"cmd:/no/such/program s3cret", "read secret cmd:/no/such/program: ", "by hand"},
		{"cmd:sh -c 'echo vault is locked >&2; exit 3'", "exit status 3: vault is locked", "by hand"},
		{"cmd:true", "it is empty", "store the secret there"},
		{"s3cret", "read secret ***: is not a reference to a secret", "env:NAME"},
	} {
		_, err := Reference{raw: test.raw, base: dir}.Resolve(t.Context())
		wantSettingsError(t, err, test.sentence)
		if !strings.Contains(rehome.HintOf(err), test.hint) {
			t.Errorf("%s: hint %q, want %q", test.raw, rehome.HintOf(err), test.hint)
		}
	}
}

func TestReference_command(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"cmd:cat here":                       "s3cret",
		`cmd:printf %s "a  b" c`:             "a  bc",
		"cmd:printf %s $HOME":                "$HOME",
		"cmd:sh -c 'printf %s a | tr a b'":   "b",
		"cmd: echo   two words":              "two words",
		"cmd:sh -c 'cat; echo no questions'": "no questions",
	} {
		got, err := Reference{raw: raw, base: dir}.Resolve(t.Context())
		if err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v, want %q", raw, got.Reveal(), err, want)
		}
	}
}

func TestReference_commandThatPrintsWithoutEnd(t *testing.T) {
	t.Parallel()
	_, err := Reference{raw: "cmd:head -c 1000000 /dev/zero"}.Resolve(t.Context())
	wantSettingsError(t, err, "longer than")
}

func TestReference_commandEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Reference{raw: "cmd:sleep 60"}.Resolve(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestReference_keyring(t *testing.T) {
	t.Parallel()
	get := func(service, user string) (string, error) {
		if service == "rehome/source" && user == "mover" {
			return "s3cret", nil
		}
		return "", errors.New("secret not found in keyring")
	}
	if got, _, err := fromKeyring(t.Context(), "rehome/source/mover", get); err != nil || got != "s3cret" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, hint, err := fromKeyring(t.Context(), "rehome/other", get); err == nil || hint == "" {
		t.Errorf("got %v with hint %q, want an error with a hint", err, hint)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	_, _, err := fromKeyring(ctx, "a/b", func(string, string) (string, error) { <-silent; return "", nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a keyring that does not answer: got %v, want the end of the context", err)
	}
}

func TestReference_nothingIsNoError(t *testing.T) {
	t.Parallel()
	got, err := Reference{}.Resolve(t.Context())
	if err != nil || !got.Empty() {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReference_neverShowsASecret(t *testing.T) {
	t.Parallel()
	for _, r := range []Reference{{raw: "s3cret"}, {raw: "cmd:vault --token s3cret"}, {raw: "password:s3cret"}} {
		text, _ := r.MarshalText()
		if shown := fmt.Sprintf("%v %+v %#v %s %s", r, r, r, r, text); strings.Contains(shown, "s3cret") {
			t.Errorf("shows %s", shown)
		}
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`a b`:           {"a", "b"},
		`  a  `:         {"a"},
		`a "b c" 'd e'`: {"a", "b c", "d e"},
		`a\ b "c\"d"`:   {"a b", `c"d`},
		`a '' b`:        {"a", "", "b"},
		`'a\b'`:         {`a\b`},
		`a"b"c`:         {"abc"},
		`"a`:            nil,
		`a\`:            nil,
		` `:             nil,
	} {
		got, err := splitWords(line)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%s: got %q, %v, want %q", line, got, err, want)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`pass show "mail/master user"`)
	f.Add(`a\ b 'c`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitWords(line)
		if err == nil && len(words) == 0 {
			t.Error("no words and no error")
		}
		if len(strings.Join(words, "")) > len(line)*3 { // an invalid octet becomes U+FFFD
			t.Errorf("%q grew to %q", line, words)
		}
		_ = Reference{raw: "cmd:" + line}.String()
	})
}

func TestNearest(t *testing.T) {
	t.Parallel()
	candidates := []string{"address", "tls", "tls_min", "login", "timeout"}
	for word, want := range map[string]string{
		"adress": "address", "addres": "address", "tsl": "tls", "tls_mni": "tls_min", "logn": "login", "colour": "", "x": "",
	} {
		if got := Nearest(word, candidates); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

func TestReference_commandLearnsTheLogin(t *testing.T) {
	t.Parallel()
	reference := Reference{raw: `cmd:sh -c 'printf "token of $REHOME_LOGIN"'`}
	for _, login := range []string{"anna@example.org", "x; echo y"} {
		secret, err := reference.ResolveFor(t.Context(), login)
		if want := "token of " + login; err != nil || secret.Reveal() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
