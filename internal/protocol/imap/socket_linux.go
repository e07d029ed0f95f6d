// SPDX-License-Identifier: Apache-2.0

package imap

import "syscall"

// tcpNotSentLowat is TCP_NOTSENT_LOWAT of tcp(7), which package syscall does not name.
const tcpNotSentLowat = 25

// limitUnsent sets unsentLimit on a socket.
func limitUnsent(s socket) {
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(descriptor uintptr) {
		_ = syscall.SetsockoptInt(int(descriptor), syscall.IPPROTO_TCP, tcpNotSentLowat, unsentLimit)
	})
}
