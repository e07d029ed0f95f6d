// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package config

import "io/fs"

// ownerOf knows no owner: what may be done to a file is kept elsewhere there.
func ownerOf(fs.FileInfo) (uid, gid int, known bool) { return 0, 0, false }
