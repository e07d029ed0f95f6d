// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// visited is a server of calendars that notes who comes.
type visited struct {
	*httptest.Server
	mu   sync.Mutex
	came []string
}

func newVisited(t *testing.T) *visited {
	t.Helper()
	v := &visited{}
	v.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.came = append(v.came, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *visited) dav(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(v.URL + "/dav/")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (v *visited) takes() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	came := v.came
	v.came = nil
	return came
}

// vdirsyncer knows the name of the domain only, and is led to where the live side's calendars and contacts begin, with the method
// that it has used. Like most HTTP clients it does not give another host its password unasked, so this test ends there.
func TestServe_leadsVdirsyncer(t *testing.T) {
	t.Parallel()
	before, after := newVisited(t), newVisited(t)
	services := Services{Domain: "localhost", Source: Service{DAV: before.dav(t)}, Destination: Service{DAV: after.dav(t)}}
	root := issue(t, nil, "ECDSA", "root")
	leaf := issue(t, root, "ECDSA", "responder", "localhost")
	pairs, err := OpenKeyPairs([]string{put(t, pemOf(t, leaf.key, leaf, root))})
	if err != nil {
		t.Fatal(err)
	}
	trusted := put(t, slices.Concat(pemOf(t, nil, root), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: before.Certificate().Raw})))
	for says, live := range map[string]*visited{"": before, "localhost destination": after} {
		state, err := parseSwitches("f", []byte(says), []string{"localhost"})
		if err != nil {
			t.Fatal(err)
		}
		r := NewResponder(ResponderOptions{Domains: map[string]Services{"localhost": services}, Switches: state, RequestsPerMinute: 1000})
		s := serve(t, r, pairs, nil, "127.0.0.1:0")
		for _, kind := range []string{"caldav", "carddav"} {
			said := discover(t, trusted, kind, "https://localhost:"+s.port+"/")
			if came := live.takes(); !slices.Contains(came, "PROPFIND /dav/") {
				t.Errorf("%q: %s came with %v\n%s", says, kind, came, said)
			}
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}
	if came := slices.Concat(before.takes(), after.takes()); len(came) > 0 {
		t.Errorf("the side that is not live was asked: %v", came)
	}
}

// discover has vdirsyncer look for collections, and returns what it says.
func discover(t *testing.T, trusted, kind, address string) string {
	t.Helper()
	dir := t.TempDir()
	settings := fmt.Sprintf(`[general]
status_path = "%[1]s/status"
[pair x]
a = "there"
b = "here"
collections = ["from a"]
[storage here]
type = "filesystem"
path = "%[1]s/here"
fileext = ".x"
[storage there]
type = "%[2]s"
url = "%[3]s"
username = "anna@localhost"
password = "none"
verify = "%[4]s"
`, dir, kind, address, trusted)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "vdirsyncer", "-c", filepath.Join(dir, "conf"), "discover", "--list", "x")
	command.Env = append(os.Environ(), "HOME="+dir)
	command.Stdin = strings.NewReader(strings.Repeat("n\n", 20)) // it asks whether to make folders
	output, _ := command.CombinedOutput()                        // it finds nothing, and ends with an error
	return string(output)
}
