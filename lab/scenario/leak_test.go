// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome/lab/operator"
)

// secret is one that was planted, with whose it is.
type secret struct{ whose, text string }

// hunt looks for every form of many secrets in one go.
type hunt struct {
	begins [1 << 16]bool // by the first two octets of a form
	forms  map[[shortest]byte][]form
}

// form is a secret as it could show.
type form struct{ whose, looks, text string }

// Forms below shortest are not looked for; those below certain turn up by chance in the base64 of an
// attachment, and count as whole words only.
const (
	shortest = 4
	certain  = 6
)

func newHunt(secrets []secret) *hunt {
	h := &hunt{forms: map[[shortest]byte][]form{}}
	for _, s := range secrets {
		for text, looks := range formsOf(s.text) {
			if len(text) >= shortest {
				h.begins[int(text[0])<<8|int(text[1])] = true
				start := [shortest]byte([]byte(text))
				h.forms[start] = append(h.forms[start], form{s.whose, looks, text})
			}
		}
	}
	return h
}

// formsOf are the ways in which a secret could show, with what each is.
func formsOf(text string) map[string]string {
	quoted, _ := json.Marshal(text) // a string always can be
	sha := sha256.Sum256([]byte(text))
	forms := map[string]string{
		strings.Trim(string(quoted), `"`): "in JSON", html.EscapeString(text): "in HTML", url.QueryEscape(text): "in a URL", url.PathEscape(text): "in a URL",
		strings.ReplaceAll(text, `"`, `""`): "in CSV", hex.EncodeToString([]byte(text)): "in hex",
		md5Of(text): "as MD5", strings.ToUpper(md5Of(text)): "as MD5", hex.EncodeToString(sha[:]): "as SHA-256",
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for before := range 3 {
			forms[insideBase64(encoding, text, before)] = "in base64"
		}
	}
	forms[text] = "as it is" // also where quoting changes nothing
	return forms
}

// in names what it finds.
func (h *hunt) in(content []byte) []string {
	found := map[string]bool{}
	for i := 0; i+shortest <= len(content); i++ {
		if !h.begins[int(content[i])<<8|int(content[i+1])] {
			continue
		}
		for _, f := range h.forms[[shortest]byte(content[i:])] {
			if bytes.HasPrefix(content[i:], []byte(f.text)) && (len(f.text) >= certain || alone(content, i, i+len(f.text))) {
				found["a secret of "+f.whose+", "+f.looks] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// alone reports whether no character of base64 touches a part of content.
func alone(content []byte, from, to int) bool {
	const alphabet = "+/=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	touches := func(i int) bool { return i >= 0 && i < len(content) && strings.IndexByte(alphabet, content[i]) >= 0 }
	return !touches(from-1) && !touches(to)
}

// insideBase64 is what base64 makes of text whatever stands around it, with that many octets in front of a
// group of three: the first and the last character also depend on the neighbours.
func insideBase64(encoding *base64.Encoding, text string, before int) string {
	encoded := encoding.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", before) + text))
	first := (before*8 + 5) / 6
	whole := (before + len(text)) * 8 / 6
	return encoded[first:max(whole, first)]
}

// digestA1 is what answers a Digest challenge of SabreDAV instead of the password.
func digestA1(address, password string) string {
	return md5Of(address + ":SabreDAV:" + password)
}

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// watch keeps what commands say, and how the process list shows them while they run.
type watch struct {
	mu     sync.Mutex
	all    sync.WaitGroup
	said   map[string][]byte // by command line
	listed map[string]bool   // distinct command lines and environments, their own and those of programs that they started
}

func newWatch() *watch { return &watch{said: map[string][]byte{}, listed: map[string]bool{}} }

// between two looks at the process list. Each command is looked at as soon as it runs.
const between = 5 * time.Millisecond

// follow looks at a process, and at those that it starts, until it has ended.
func (w *watch) follow(pid int) {
	w.look(pid)
	w.all.Go(func() {
		for w.look(pid) {
			time.Sleep(between)
		}
	})
}

// look reports whether the process is still there.
func (w *watch) look(pid int) bool {
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		text, _ := os.ReadFile(file)
		for child := range strings.FieldsSeq(string(text)) {
			w.note("/proc/" + child)
		}
	}
	return w.note(fmt.Sprintf("/proc/%d", pid))
}

func (w *watch) note(process string) bool {
	line, err := os.ReadFile(process + "/cmdline")
	if err != nil || len(line) == 0 { // a process that has ended, and that nobody has waited for
		return false
	}
	environment, err := os.ReadFile(process + "/environ")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed[string(line)] = true
	w.listed[string(environment)] = true
	return err == nil
}

// heard keeps what a command has said.
func (w *watch) heard(args []string, o operator.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := "what rehome " + strings.Join(args, " ") + " says"
	w.said[name] = append(w.said[name], o.Out+o.Err...)
}

// everything is all that was said and listed.
func (w *watch) everything() map[string][]byte {
	w.all.Wait()
	shown := map[string][]byte{}
	for name, text := range w.said {
		shown[name] = text
	}
	for text := range w.listed {
		shown["the process list: "+text] = []byte(text)
	}
	return shown
}

// keeper is a kind of file that is made to hold secrets, or to hold them sealed.
type keeper struct {
	pattern  string // of path.Match, from the folder of the move
	row      string // its name in docs/security.md
	operator bool   // written by the operator, who keeps it
}

// keepers are the only files that may hold secrets.
func keepers() []keeper {
	return []keeper{
		{pattern: "secrets/identity.txt", row: "secrets/identity.txt", operator: true},
		{pattern: "secrets/*", row: "secrets/", operator: true},
		{pattern: "people.csv", row: "the roster", operator: true},
		{pattern: "accounts/accounts*.csv", row: "accounts/accounts.csv"},
		{pattern: "accounts/temporary-passwords.csv.age", row: "accounts/temporary-passwords.csv.age"},
		{pattern: "accounts/people/*.age", row: "accounts/people/*.letter.txt.age"},
		{pattern: "*/*/hashes.csv.age", row: "hashes.csv.age"},
		{pattern: "*/handover*.tar.gz", row: "handover*.tar.gz"},
		{pattern: "hand-out.csv", row: "accounts passwords --output"},
	}
}

func keeperOf(name string) (keeper, bool) {
	for _, k := range keepers() {
		if match, _ := path.Match(k.pattern, name); match {
			return k, true
		}
	}
	return keeper{}, false
}

// kept returns what rehome has written beside the keepers, and the keepers by name.
func (s *testSetup) kept() (written map[string][]byte, kept map[string]keeper) {
	s.t.Helper()
	written, kept = map[string][]byte{}, map[string]keeper{}
	err := filepath.WalkDir(s.Dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			s.t.Errorf("%s has mode %v, want one for its owner only", file, info.Mode().Perm())
		}
		name, err := filepath.Rel(s.Dir, file)
		if k, exempt := keeperOf(filepath.ToSlash(name)); exempt {
			kept[name] = k
			return err
		}
		written[file], err = os.ReadFile(file)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return written, kept
}

// secrets are all that were planted at both ends.
func (s *testSetup) secrets() []secret {
	all := []secret{{"the source's master user", s.Source.MasterPassword}, {"the source's database user", s.Source.ReaderPassword}}
	for _, p := range s.Organisation.People {
		if p.Plain != "" {
			all = append(all, secret{p.Address, p.Plain}, secret{p.Address + " (HA1)", digestA1(p.Address, p.Plain)})
		}
		if p.Stored != p.Plain {
			all = append(all, secret{p.Address + " (stored)", p.Stored})
		}
	}
	return all
}

// wantHidden looks for each secret in all that rehome has said and written, in every form. Only the keepers
// may hold any.
func (s *testSetup) wantHidden(secrets []secret) {
	s.t.Helper()
	places, _ := s.kept()
	for place, text := range s.watch.everything() {
		places[place] = text
	}
	h := newHunt(secrets)
	for place, content := range places {
		for _, what := range h.in(content) {
			s.t.Errorf("%s shows %s", place, what)
		}
	}
}
