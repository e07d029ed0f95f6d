// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package imap

// limitUnsent does nothing where the system has no such limit.
func limitUnsent(socket) {}
