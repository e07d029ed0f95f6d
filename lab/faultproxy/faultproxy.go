// SPDX-License-Identifier: Apache-2.0

// Package faultproxy is a TCP proxy that misbehaves on demand: slow, thin, cut, stalled.
//
// It knows no protocol; bytes go through as they are. A test dials Addr instead of the server
// and changes the faults while connections run.
package faultproxy
