// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Quota is the storage limit of an account (RFC 9208). Numbers are octets.
type Quota struct {
	Root        string
	Used, Limit int64
}

// QuotaOf returns the storage quota that applies to a mailbox; ok is false when the server has no
// quota extension or no storage limit.
func (c *Client) QuotaOf(ctx context.Context, name string) (quota Quota, ok bool, err error) {
	if !c.Capabilities().Has("QUOTA") {
		return Quota{}, false, nil
	}
	cmd := &command{name: "GETQUOTAROOT", untagged: func(resp *response) bool {
		switch resp.name {
		case "QUOTAROOT":
		case "QUOTA":
			if found, has := newQuota(resp); has && !ok {
				quota = found
				ok = true
			}
		default:
			return false
		}
		return true
	}}
	err = c.do(ctx, cmd, raw("GETQUOTAROOT "), c.mailbox(name))
	return quota, ok, err
}

// newQuota reads root (STORAGE used limit ...), counted in units of 1024 octets (RFC 9208, 5.1).
func newQuota(resp *response) (Quota, bool) {
	words := resp.field(1).strings()
	for i := 0; i+2 < len(words); i += 3 {
		if !strings.EqualFold(words[i], "STORAGE") {
			continue
		}
		used, errUsed := strconv.ParseInt(words[i+1], 10, 53)
		limit, errLimit := strconv.ParseInt(words[i+2], 10, 53)
		if errUsed == nil && errLimit == nil {
			return Quota{Root: resp.field(0).text(), Used: used << 10, Limit: limit << 10}, true
		}
	}
	return Quota{}, false
}
