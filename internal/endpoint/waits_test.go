// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab/faultproxy"
)

// Whatever a service waits for is noted, and is no more once the answer is there or given up.
func TestWaits_ofEveryService(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T, host *Host, address string) error{
		"visit": func(t *testing.T, host *Host, address string) error {
			_, err := NewIMAP(Settings{Host: host, Address: address, Security: protocol.NoTLS, Timeout: short}).Visit(within(t))
			return err
		},
		"log-in": func(t *testing.T, host *Host, address string) error {
			_, err := NewIMAP(Settings{Host: host, Address: address, Security: protocol.NoTLS, Timeout: short}).Open(within(t), anna())
			return err
		},
		"dav": func(t *testing.T, host *Host, address string) error {
			h := NewDAV(DAVSettings{Host: host, URL: "http://" + address + "/", Timeout: short})
			defer h.Close()
			err := h.Reach(within(t))
			return err
		},
		"sieve": func(t *testing.T, host *Host, address string) error {
			_, err := NewSieve(ServiceSettings{Host: host, Address: address, Security: protocol.NoTLS, Timeout: short}).Reach(within(t))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent := proxy(t, serve(t, "* OK ready"))
			silent.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true})
			waits := NewWaits()
			host := NewHost(HostSettings{Side: rehome.Source, Waits: waits})
			ended := make(chan error, 1)
			began := time.Now()
			go func() { ended <- open(t, host, silent.Addr()) }()
			for {
				wait, ok := waits.Longest()
				if ok {
					if want := "the source " + silent.Addr(); wait.For != want || wait.Since.Before(began) {
						t.Errorf("got %+v, want %s", wait, want)
					}
					break
				}
				if time.Since(began) > waitingTime {
					t.Fatal("nobody notes what is waited for")
				}
				time.Sleep(time.Millisecond)
			}
			if err := <-ended; err == nil {
				t.Error("no error of a host that is silent")
			}
			if wait, ok := waits.Longest(); ok {
				t.Errorf("it is still waited for %+v", wait)
			}
		})
	}
	var none *Waits
	none.Begin("x")()
	if _, ok := none.Longest(); ok {
		t.Error("nil waits for something")
	}
}
