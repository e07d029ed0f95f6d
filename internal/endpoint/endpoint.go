// SPDX-License-Identifier: Apache-2.0

// Package endpoint is one end of a move as a place to log in: a host with its limits, how to log in, and the services
// that it has.
//
// It opens logged-in sessions, keeps them within the limits, and says in an operator's words why one cannot be had. It
// moves nothing. A caller makes one Host for each end and its services: IMAP, DAV, Sieve. It asks them for sessions with
// Open, and closes every session it got.
//
// What all services share is in host.go, gate.go, patience.go, lockout.go, login.go and service.go; what is
// one's own, in the files that begin with its name.
package endpoint
