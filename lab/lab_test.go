// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// victimVariable makes the test binary a process that opens a lab in the named folder and waits
// to be killed.
const victimVariable = "LAB_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		if err := beVictim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func beVictim(dir string) error {
	l, err := New(dir)
	if err != nil {
		return err
	}
	process, err := l.Start(family("victim"))
	if err != nil {
		return err
	}
	fmt.Println(process.Pid())
	select {}
}

// family is a program with a child that ignores a polite request to end, as another user.
func family(name string) Program {
	return Program{Name: name, Command: "sh", Package: "dash", AsOwner: true, Args: []string{"-c", "(trap '' TERM; sleep 600) & sleep 600"},
		Grace: 50 * time.Millisecond}
}

func waitEmpty(t *testing.T, group int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		running, err := Running(group)
		if err != nil {
			t.Fatal(err)
		}
		if len(running) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes %v of group %d are left over", running, group)
		}
	}
}

func TestRoom_openerKilled(t *testing.T) {
	t.Parallel()
	l := Open(t) // for its folder
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimVariable+"="+l.Dir())
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	group, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if running, err := Running(group); err != nil || len(running) == 0 {
		t.Fatalf("running before the kill: %v %v", running, err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	waitEmpty(t, group)
}

func TestRoom_closeKillsWholeGroupsInReverseOrder(t *testing.T) {
	t.Parallel()
	l := Open(t)
	var order []string
	var groups []int
	for _, name := range []string{"first", "second"} {
		process, err := l.Start(family(name))
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, process.Pid())
		if err := l.OnClose(func() error { order = append(order, name); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		waitEmpty(t, group)
	}
	if got := strings.Join(order, " "); got != "second first" {
		t.Errorf("closed in the order %s", got)
	}
	if _, err := l.Start(family("late")); err == nil {
		t.Error("a closed lab starts programs")
	}
}

func TestStart_failures(t *testing.T) {
	t.Parallel()
	l := Open(t)
	addr, err := l.Addr()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		program Program
		want    []string
	}{
		{Program{Name: "none", Command: "no-such-server", Package: "some-package"}, []string{"apt-get install some-package"}},
		{Program{Name: "dying", Command: "sh", Args: []string{"-c", "echo no luck; exit 3"}, Ready: []string{addr}}, []string{"dying",
			"exit status 3", "no luck"}},
	} {
		_, err := l.Start(test.program)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("start of %s: %v, want it to say %q", test.program.Name, err, want)
			}
		}
	}
	if err := NeedFile("/no/such/file", "some-package"); err == nil || !strings.Contains(err.Error(), "apt-get install some-package") {
		t.Errorf("NeedFile: %v", err)
	}
}

func TestRun_inputAndOutcome(t *testing.T) {
	t.Parallel()
	l := Open(t)
	good := Program{Name: "good", Command: "sh", AsOwner: true, Args: []string{"-c", "cat; id -u; pwd"}}
	if err := l.Run(good, strings.NewReader("given\n")); err != nil {
		t.Fatal(err)
	}
	uid, _ := l.Owner()
	if got, want := l.logTail("good"), fmt.Sprintf("given\n%d\n%s", uid, l.Dir()); got != want {
		t.Errorf("output %q, want %q", got, want)
	}
	if err := l.Run(Program{Name: "bad", Command: "sh", Args: []string{"-c", "echo why; false"}}, nil); err == nil ||
		!strings.Contains(err.Error(), "why") {
		t.Errorf("a program that fails: %v", err)
	}
}

func TestRooms_haveHostsAndPortsOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		l := Open(t)
		for range 20 {
			addr, err := l.Addr()
			if err != nil {
				t.Fatal(err)
			}
			host, _, err := net.SplitHostPort(addr)
			if err != nil || host != l.Host() || !net.ParseIP(host).IsLoopback() || seen[addr] {
				t.Errorf("address %s of the lab at %s (%v), seen before: %v", addr, l.Host(), err, seen[addr])
			}
			seen[addr] = true
		}
	}
}

func TestNew_unsuitableFolders(t *testing.T) {
	t.Parallel()
	if _, err := New("/tmp/" + strings.Repeat("x", maxPath)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a long path: %v", err)
	}
	if os.Geteuid() != 0 {
		return // without root the servers run as the caller, who may have closed folders
	}
	outer := Open(t).Dir()
	closed := filepath.Join(outer, "c")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := New(filepath.Join(closed, "r")); err == nil || !strings.Contains(err.Error(), "chmod o+x") {
		t.Errorf("below a closed folder: %v", err)
	}
}

func TestOwnedDir_belongsToTheOwnerAlone(t *testing.T) {
	t.Parallel()
	l := Open(t)
	dir, err := l.OwnedDir("a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.OwnedDir("a", "b"); err != nil || again != dir {
		t.Errorf("a second time: %s %v", again, err)
	}
	touch := Program{Name: "touch", Command: "touch", AsOwner: true, Args: []string{filepath.Join(dir, "x"), filepath.Join(dir, "..", "y")}}
	if err := l.Run(touch, nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

// handshake serves one TLS connection with the certificate and dials it as name.
func handshake(t *testing.T, l *Lab, config *tls.Config, certFile, keyFile string) error {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := l.Addr()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", addr, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = conn.(*tls.Conn).HandshakeContext(t.Context())
			_ = conn.Close()
		}
	}()
	conn, err := tls.Dial("tcp", addr, config)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

func TestIssue_whatClientsCheck(t *testing.T) {
	t.Parallel()
	l, stranger := Open(t), Open(t)
	certFile, keyFile, err := l.Issue("mail.example.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mail.example.test", "localhost", "127.0.0.1", ""} { // "": the lab's host
		if err := handshake(t, l, l.ClientTLS(name), certFile, keyFile); err != nil {
			t.Errorf("as %q: %v", name, err)
		}
	}
	var otherName x509.HostnameError
	if err := handshake(t, l, l.ClientTLS("other.example.test"), certFile, keyFile); !errors.As(err, &otherName) {
		t.Errorf("by another name: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if err := handshake(t, l, stranger.ClientTLS("localhost"), certFile, keyFile); !errors.As(err, &unknown) {
		t.Errorf("from another lab: %v", err)
	}
	expiredCert, expiredKey, err := l.IssueUntil(time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var invalid x509.CertificateInvalidError
	if err := handshake(t, l, l.ClientTLS("localhost"), expiredCert, expiredKey); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("after its end: %v", err)
	}
	if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info, err)
	}
	if text, err := os.ReadFile(l.CAFile()); err != nil || !x509.NewCertPool().AppendCertsFromPEM(text) {
		t.Errorf("CA file: %v", err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("77 (a (b) c) S 1 70 70 0 -1")
	f.Add("1 (x) Z")
	f.Fuzz(func(t *testing.T, text string) { parseStat([]byte(text)) })
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	pid, state, group := parseStat([]byte("77 (a (b) c) S 1 70 70 0 -1"))
	if pid != 77 || state != "S" || group != 70 {
		t.Errorf("got %d %q %d", pid, state, group)
	}
	for _, text := range []string{"", "77", "77 (a", "77 (a) S", ")("} {
		if pid, _, group := parseStat([]byte(text)); pid != 0 || group != 0 {
			t.Errorf("parseStat(%q) = %d, %d", text, pid, group)
		}
	}
}

// Somebody who listens at once finds the address free, whatever is being started meanwhile.
func TestAddr_freeWhileProgramsStart(t *testing.T) {
	l := Open(t)
	var starts sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		starts.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					_ = exec.Command("true").Run()
				}
			}
		})
	}
	for range 300 {
		addr, err := l.Addr()
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			t.Errorf("an address that was free a moment ago: %v", err)
			continue
		}
		_ = listener.Close()
	}
	close(ended)
	starts.Wait()
}
