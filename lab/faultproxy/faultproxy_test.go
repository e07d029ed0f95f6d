// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open starts an echo server with a proxy before it.
func open(t *testing.T) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	proxy, err := New(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return proxy
}

func dial(t *testing.T, proxy *Proxy) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// echo sends text and waits for as many bytes.
func echo(t *testing.T, conn net.Conn, text string) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Fatalf("echo of %q is %q", text, got)
	}
	return time.Since(start)
}

// silent makes sure that nothing comes for a moment, not even an end.
func silent(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d bytes, %v; want nothing at all", n, err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
}

func TestProxy_forwardsFaithfully(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	conn := dial(t, proxy)
	want := make([]byte, 3<<20)
	_, _ = rand.Read(want)
	go func() {
		_, _ = conn.Write(want)
		_ = conn.CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes back of %d, %v", len(got), len(want), err)
	}
	if got, want := proxy.Counts().Bytes, [2]int64{3 << 20, 3 << 20}; got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestCounts_roundTripsAndConnections(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	for range 2 {
		conn := dial(t, proxy)
		for range 3 {
			echo(t, conn, "ping")
		}
	}
	if got, want := proxy.Counts(), (Counts{Connections: 2, Most: 2, Bytes: [2]int64{24, 24}, RoundTrips: 6}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A connection that a client has ended counts no more, as soon as the next one is there, also where it was not ended in order.
func TestCounts_mostAtTheSameTime(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	for i := range 6 {
		conn := dial(t, proxy)
		echo(t, conn, "ping")
		if i%2 == 0 {
			reset(conn)
		} else if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if most := proxy.Counts().Most; most != 1 {
		t.Errorf("counted %d at the same time, want 1", most)
	}
}

func TestDelay_addsUpAndDoesNotHoldBack(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	proxy.Set(ToServer, Fault{Delay: 200 * time.Millisecond})
	proxy.Set(ToClient, Fault{Delay: 100 * time.Millisecond})
	conn := dial(t, proxy)
	if got := echo(t, conn, "ping"); got < 300*time.Millisecond || got > 3*time.Second {
		t.Errorf("round trip of %v, want 300 ms", got)
	}
	start := time.Now()
	for range 20 { // pipelined: all under way at once
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := io.ReadFull(conn, make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	if got := time.Since(start); got > 3*time.Second {
		t.Errorf("20 pipelined bytes took %v, want little more than one round trip", got)
	}
	proxy.Set(ToServer, Fault{})
	proxy.Set(ToClient, Fault{})
	if got := echo(t, conn, "ping"); got > 280*time.Millisecond {
		t.Errorf("round trip of %v after the delay was taken off", got)
	}
}

func TestRate_limits(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	proxy.Set(ToClient, Fault{Rate: 100_000})
	conn := dial(t, proxy)
	got := echo(t, conn, string(make([]byte, 30_000)))
	if got < 250*time.Millisecond || got > 5*time.Second {
		t.Errorf("30 kB at 100 kB/s took %v", got)
	}
}

func TestRate_holdsTheSenderBack(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	proxy.Set(ToServer, Fault{Rate: 1000})
	conn := dial(t, proxy)
	_ = conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	n, err := conn.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n > 16<<20 {
		t.Errorf("wrote %d bytes into a thin line, %v", n, err)
	}
}

func TestCutAfter_exactBytes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  End
		want error
	}{{"fin", FIN, nil}, {"rst", RST, syscall.ECONNRESET}} {
		for _, cut := range []int64{1, 10, 70_000} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				proxy := open(t)
				proxy.Set(ToClient, Fault{CutAfter: cut, End: test.end})
				conn := dial(t, proxy)
				go func() { _, _ = conn.Write(make([]byte, 100_000)) }()
				got, err := io.ReadAll(conn)
				if int64(len(got)) > cut || test.end == FIN && int64(len(got)) != cut {
					t.Errorf("read %d bytes, want %d", len(got), cut)
				}
				if !errors.Is(err, test.want) {
					t.Errorf("the end is %v, want %v", err, test.want)
				}
				if got := proxy.Counts(); got.Bytes[ToClient] != cut || got.Cuts != 1 {
					t.Errorf("%d bytes forwarded, %d cuts, want %d, 1", got.Bytes[ToClient], got.Cuts, cut)
				}
			})
		}
	}
}

func TestCut_runningAndNewConnections(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	running := dial(t, proxy)
	echo(t, running, "ping")
	proxy.Cut(RST)
	if _, err := running.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that was cut by RST: %v", err)
	}
	running = dial(t, proxy)
	echo(t, running, "ping")
	proxy.Set(ToServer, Fault{Cut: true})
	for name, conn := range map[string]net.Conn{"running": running, "new": dial(t, proxy)} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s connection: %v, want EOF", name, err)
		}
	}
	proxy.Set(ToServer, Fault{})
	echo(t, dial(t, proxy), "ping")
}

func TestStall_keepsTheConnection(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	conn := dial(t, proxy)
	echo(t, conn, "ping")
	proxy.Set(ToServer, Fault{Stall: true})
	if _, err := io.WriteString(conn, "held"); err != nil {
		t.Fatal(err)
	}
	silent(t, conn)
	proxy.Set(ToServer, Fault{})
	got := make([]byte, 4)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "held" {
		t.Errorf("after the stall: %q %v", got, err)
	}
}

func TestHalfClose_onlyOneDirection(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	conn := dial(t, proxy)
	echo(t, conn, "ping")
	proxy.Set(ToClient, Fault{Cut: true, End: HalfClose})
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the closed direction: %v, want EOF", err)
	}
	before := proxy.Counts().Bytes
	if _, err := io.WriteString(conn, "still heard"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); proxy.Counts().Bytes[ToServer] < before[ToServer]+11; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the open direction does not forward")
		}
	}
	if got := proxy.Counts().Bytes[ToClient]; got != before[ToClient] {
		t.Errorf("the closed direction forwarded %d bytes", got-before[ToClient])
	}
}

func TestStallFor_onceAndForSoLong(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	proxy.Set(ToServer, Fault{StallAfter: 4, StallFor: 300 * time.Millisecond})
	conn := dial(t, proxy)
	if got := echo(t, conn, "ping"); got > 200*time.Millisecond {
		t.Errorf("%v before the stall", got)
	}
	if got := echo(t, conn, "pong"); got < 300*time.Millisecond || got > 3*time.Second {
		t.Errorf("%v in the stall, want 300 ms", got)
	}
	if got := echo(t, conn, "more"); got > 200*time.Millisecond {
		t.Errorf("%v after the stall", got)
	}
}

// What a client had sent reaches the server however long the client has been gone.
func TestOrphan_serverGetsEverything(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(proxy *Proxy, conn *net.TCPConn){
		"the client is gone":  func(_ *Proxy, conn *net.TCPConn) { _ = conn.Close() },
		"the line is gone":    func(proxy *Proxy, _ *net.TCPConn) { proxy.Cut(Vanish) },
		"the client is reset": func(_ *Proxy, conn *net.TCPConn) { _ = conn.SetLinger(1); _ = conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := open(t)
			proxy.Set(ToServer, Fault{Rate: 1 << 20, StallAfter: 10, StallFor: 200 * time.Millisecond, Orphan: true})
			conn := dial(t, proxy)
			echo(t, conn, "ping")
			const sent = 100_000
			if _, err := conn.Write(make([]byte, sent)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
			leave(proxy, conn)
			for deadline := time.Now().Add(10 * time.Second); proxy.Counts().Bytes[ToServer] < sent+4; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the server got %d bytes of %d", proxy.Counts().Bytes[ToServer], sent+4)
				}
			}
			_ = conn.Close()
		})
	}
}

func TestPlan_faultOfTheSecondConnection(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	echo(t, dial(t, proxy), "before the plan")
	proxy.Plan(func(number int) *Faults {
		if number == 2 {
			return &Faults{ToClient: Fault{CutAfter: 2}}
		}
		return nil
	})
	echo(t, dial(t, proxy), "ping")
	second := dial(t, proxy)
	if _, err := io.WriteString(second, "ping"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(second); string(got) != "pi" || err != nil {
		t.Errorf("second connection: %q %v", got, err)
	}
	echo(t, dial(t, proxy), "ping")
	proxy.Plan(nil)
	echo(t, dial(t, proxy), "ping")
}

func TestProxy_serverGone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	proxy, err := New(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	conn, err := net.Dial("tcp", proxy.Addr())
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("with no server behind: %v, want a reset", err)
	}
}

func TestClose_endsWhatRuns(t *testing.T) {
	t.Parallel()
	proxy := open(t)
	proxy.Set(ToClient, Fault{Stall: true})
	conn := dial(t, proxy)
	if _, err := io.WriteString(conn, "ping"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	start := time.Now()
	if err := proxy.Close(); err != nil {
		t.Fatal(err)
	}
	if got := time.Since(start); got > 5*time.Second {
		t.Errorf("Close took %v", got)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlives Close")
	}
	if _, err := net.Dial("tcp", proxy.Addr()); err == nil {
		t.Error("the address still answers")
	}
}
