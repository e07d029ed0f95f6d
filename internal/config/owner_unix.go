// SPDX-License-Identifier: Apache-2.0

//go:build unix

package config

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the user and the group that own a file.
func ownerOf(info fs.FileInfo) (uid, gid int, known bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
