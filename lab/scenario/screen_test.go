// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rehome/lab/browser"
	"rehome/lab/issuer"
	"rehome/lab/lmtp"
	"rehome/lab/operator"
)

// shown is a screen in a browser.
type shown struct {
	*browser.Browser

	t   *testing.T
	url string
}

// show starts "rehome serve" in a folder and signs in.
func show(t *testing.T, o operator.Operator) *shown {
	t.Helper()
	password := "a password of the lab"
	set := o.Command(t.Context(), "operators", "set", "anna", "--role", "switch")
	set.Stdin = strings.NewReader(password + "\n")
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serve := o.Command(context.Background(), "serve", "--listen", "127.0.0.1:0", "--json")
	var trouble bytes.Buffer
	serve.Stderr = &trouble
	out, err := serve.StdoutPipe()
	if err == nil {
		err = serve.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		if err := serve.Wait(); err != nil {
			t.Errorf("serve: %v: %s", err, trouble.String())
		}
	})
	var said struct{ Address string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&said); err != nil {
		t.Fatalf("serve says nothing: %v: %s", err, trouble.String())
	}
	s := &shown{browser.Open(t), t, said.Address}
	s.Shape(1400, 900, false)
	s.Goto(s.url)
	s.look("sign-in")
	s.Type(`input[name=name]`, "anna")
	s.Type(`input[name=password]`, password)
	s.Click(".sign-in button")
	s.Await("h2", "")
	return s
}

// pictures are the pages that the manual shows, see "make screenshots".
var pictures = []string{"sign-in", "move", "plan", "waves", "wave-plan", "account", "differences", "throughput", "cutover-plan", "cutover"}

// look judges the page that is open at the width of a desk, light, and of a telephone, dark, and takes pictures if they are asked for.
// Contrast is judged in both schemes, and room at both widths, of every page that way.
func (s *shown) look(name string) {
	s.t.Helper()
	defer s.Shape(1400, 900, false)
	for _, shape := range []struct {
		width int64
		dark  bool
		words string
	}{{1400, false, "1400-light"}, {390, true, "390-dark"}} {
		s.Shape(shape.width, 900, shape.dark)
		s.Judge(name + "-" + shape.words)
		if folder := os.Getenv("REHOME_PICTURES"); folder != "" && slices.Contains(pictures, name) {
			s.Picture(filepath.Join(folder, name+"-"+shape.words+".png"))
		}
	}
}

func (s *shown) open(path, name string) {
	s.t.Helper()
	s.Goto(s.url + path)
	s.look(name)
}

// A person begins a pass and watches it, stops it and goes on, compares, accepts a difference and takes a domain across, in a browser
// and without loading a page again; everybody can use every page.
func testInABrowser(t *testing.T, c *crossing) {
	o := c.move(t, "web.test")
	settings := filepath.Join(o.Dir, "rehome.yaml")
	text, err := os.ReadFile(settings)
	if err == nil {
		more := fmt.Sprintf("limits: {bytes_per_second: 6000000}\nserve: {oidc: {issuer: %q, client_id: %s, roles: {staff: look}}}\n",
			issuer.Open(t, time.Now).URL, issuer.Client)
		err = os.WriteFile(settings, append(text, more...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if checked := o.Want(t, 0, "check").Out; !strings.Contains(checked, "+ sign-in") {
		t.Errorf("of the issuer check says: %s", checked)
	}
	for n := range 14 { // three batches of it
		c.deliverLarge(t, "web.test", fmt.Sprintf("number %d", n))
	}
	s := show(t, o)
	s.watchPass(o)
	s.startWave(o)
	s.acceptDifference(c, o)
	for path, name := range map[string]string{
		"": "move", "accounts": "accounts", "findings": "findings", "speed?span=6h": "throughput", "ends": "ends",
	} {
		s.open(path, name)
	}
	s.cross(c, o)
	s.open("audit", "audit")
	o.Want(t, 0, "audit", "check")
	if log := o.Want(t, 0, "audit", "show").Out; strings.Count(log, "anna (screen of ") < 5 {
		t.Errorf("the log does not say who has done it:\n%s", log)
	}
}

func (c *crossing) deliverLarge(t *testing.T, domain, subject string) {
	t.Helper()
	text := "From: x@out.test\r\nSubject: " + subject + "\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 50_000)
	if err := lmtp.Deliver(t.Context(), c.src.LMTP, "x@out.test", "anna@"+domain, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// watchPass begins a pass after its plan, sees it move, stops it, and lets another one go on to the end.
func (s *shown) watchPass(o operator.Operator) {
	s.t.Helper()
	s.Goto(s.url + "desk")
	s.Mark()
	s.begin(`form[action="/plan/sync"] button`)
	s.Await("#said", "to copy: 14 messages")
	s.Await("#plan", "anna@web.test")
	s.look("plan")
	s.Click(".confirm .go")
	first := s.Await("#progress", "of 15 messages")
	s.Mark()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if now, is := s.Text("#progress"); is && now != first {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("it still says %q", first)
		}
	}
	if !s.Marked() {
		s.t.Error("the page was loaded again")
	}
	if beside := o.Run(s.t, "sync"); beside.Code == 0 || !strings.Contains(beside.Err, "in use by another rehome run") {
		s.t.Errorf("a second pass beside it: %d %s", beside.Code, beside.Err)
	}
	s.Click("button.stop")
	s.Await("#said", "interrupted after")
	s.begin(`form[action="/plan/sync"] button`)
	s.Await("#said", "to copy")
	s.Click(".confirm .go")
	s.Await("#progress", "of 15 messages")
	watched := s.watched(o)
	s.Await("#said", "copied")
	s.Goto(s.url)
	figure := `section[aria-label="Figures"] dl > div:nth-child(2) dd`
	page := s.Await(figure, "15 of 15")
	if last := watched(); !strings.HasSuffix(last, page+" messages") {
		s.t.Errorf("rehome watch ended with %q, and the page shows %q", last, page)
	}
}

// watched shows the pass that the screen does at a terminal too, and returns what gives its last numbers.
func (s *shown) watched(o operator.Operator) (last func() string) {
	s.t.Helper()
	watch := o.Command(context.Background(), "watch")
	var out bytes.Buffer
	watch.Stdout, watch.Stderr = &out, &out
	if err := watch.Start(); err != nil {
		s.t.Fatal(err)
	}
	return func() string {
		s.t.Helper()
		if err := watch.Wait(); err != nil || !strings.Contains(out.String(), "sync has ended") {
			s.t.Errorf("watch: %v\n%s", err, out.String())
		}
		return progressOf(out.String())
	}
}

// begin clicks a button, and waits for the page of the work.
func (s *shown) begin(selector string) {
	s.t.Helper()
	s.Click(selector)
	s.Await("h1", "Work")
}

// startWave begins a wave of the only account after its plan, and finds nothing left to copy.
func (s *shown) startWave(o operator.Operator) {
	s.t.Helper()
	o.Want(s.t, 0, "wave", "create", "pilot", "--account", "anna@web.test", "--window", "00:00-24:00")
	s.open("waves", "waves-before")
	s.begin(`form[action="/plan/wave"] button`)
	s.Await("#plan", "1 account")
	s.look("wave-plan")
	s.Click(".confirm .go")
	s.Await("#said", "nothing to do: all 15 messages already at the destination")
	s.open("waves", "waves")
	s.Await(".domain", "Show what another pass would do")
	if log := o.Want(s.t, 0, "audit", "show").Out; !strings.Contains(log, "wave turned") {
		s.t.Errorf("the log does not know of the wave:\n%s", log)
	}
}

// acceptDifference has a message come that is not copied, compares, and accepts that it is missing.
func (s *shown) acceptDifference(c *crossing, o operator.Operator) {
	s.t.Helper()
	c.deliver(s.t, "web.test", "after the pass")
	s.Goto(s.url + "desk")
	s.begin(`form[action="/verify"] button`)
	s.Await("#said", "1 differs")
	s.Goto(s.url + "accounts/anna@web.test")
	s.Await("h2", "Differences")
	s.look("account")
	s.open("differences", "differences")
	s.Click("input[name=difference]")
	s.Type("input[name=reason]", "it comes with the final pass")
	s.Click(`form[action="/differences/accept"] button`)
	s.Await("main", "None.")
	s.Goto(s.url + "accounts/anna@web.test")
	s.Await(`section[aria-label="Accepted differences"]`, "Accepted by anna")
	if list := o.Want(s.t, 0, "findings", "list", "--all").Out; !strings.Contains(list, "accepted by anna") {
		s.t.Errorf("the terminal says %s", list)
	}
}

// cross takes the domain across.
func (s *shown) cross(c *crossing, o operator.Operator) {
	s.t.Helper()
	s.open("cutover", "cutover-before")
	s.Click(`form[action="/plan/cutover"] input[name=domain]`)
	s.begin(`form[action="/plan/cutover"] button`)
	s.Await("#plan", "10 mx1.new.test")
	s.look("cutover-plan")
	s.Click(".confirm .go")
	s.Await("#now", "cutover run: done")
	if got := c.standing(s.t, "web.test"); len(got) != 1 || got[0] != "10 mx1.new.test" {
		s.t.Errorf("MX is %q", got)
	}
	s.look("cutover-done")
	s.open("cutover", "cutover")
	s.Await(".domain", "live")
	if d := operator.Answer[crossed](s.t, o, 0, "cutover", "status").Domains[0]; d.State != "live" {
		s.t.Errorf("the terminal says %+v", d)
	}
}
