// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io/fs"
	"strings"
	"testing"

	"rehome"
)

// Whatever a hint says of a file, it does not help somebody who may not touch it.
func TestDescribe_permissionDenied(t *testing.T) {
	t.Parallel()
	err := &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: "accounts/accounts.csv", Hint: "free space",
		Cause: &fs.PathError{Op: "open", Path: "accounts/accounts.csv", Err: fs.ErrPermission}}
	if got := describe(err, 6); !strings.Contains(got.Hint, "your user may not do that") {
		t.Errorf("got %q", got.Hint)
	}
	own := &rehome.Fault{Class: rehome.ClassOperator, Cause: fs.ErrPermission, Hint: "run rehome as the user who owns the file"}
	if got := describe(own, 6); got.Hint != own.Hint {
		t.Errorf("a hint that is about just that: got %q", got.Hint)
	}
}
