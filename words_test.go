// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

// Nobody reads "dial tcp": what was attempted and where stands before it.
func TestFault_networkInWords(t *testing.T) {
	t.Parallel()
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 993}
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: err} }
	for want, cause := range map[string]error{
		"connection refused": dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"no route to host":   dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
		"connection reset by peer": &net.OpError{Op: "read", Net: "tcp", Source: address, Addr: address,
			Err: os.NewSyscallError("read", syscall.ECONNRESET)},
		"no answer in time":                     dial(os.ErrDeadlineExceeded),
		"looking up x.test: no such host":       dial(&net.DNSError{Err: "no such host", Name: "x.test", Server: "10.0.0.1:53", IsNotFound: true}),
		"looking up x.test: no answer in time":  &net.DNSError{Err: "i/o timeout", Name: "x.test", IsTimeout: true},
		"while reading: connection refused (2)": fmt.Errorf("while reading: %w (2)", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))),
		"ping: no answer in time":               fmt.Errorf("ping: %w", context.DeadlineExceeded),
		"another":                               errors.New("another"),
	} {
		fault := &Fault{Op: "connect to", Object: "x.test:993", Cause: cause}
		if got := fault.Error(); got != "connect to x.test:993: "+want {
			t.Errorf("got %q, want %q at its end", got, want)
		}
		if !errors.Is(fault, cause) {
			t.Errorf("%v is not in the chain any more", cause)
		}
	}
}
