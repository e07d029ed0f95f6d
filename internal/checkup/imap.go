// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// Source looks at the source's IMAP service and opens one of the accounts; none are known if something is wrong with them.
func Source(ctx context.Context, c *List, host *endpoint.IMAP, accounts []rehome.Account) {
	if !checkHost(ctx, c, host) || len(accounts) == 0 {
		return
	}
	account, ok := Sample(accounts, host, func(a rehome.Account) bool { return a.Services.IMAP && !a.SourcePassword.Empty() })
	if !ok {
		c.Warn("log-in", "no account has a known password to try", "set a master user for the source, or add SourcePassword in the roster")
		return
	}
	session, err := host.Open(ctx, account)
	if err != nil {
		c.Fail("log-in", err)
		return
	}
	defer session.Close()
	c.OK("log-in", how(host)+" opens "+account.Address+contents(ctx, session))
	checkReading(c, session.Capabilities())
}

// Destination looks at the destination's IMAP service. That nobody can log in yet is normal
// before the import.
func Destination(ctx context.Context, c *List, host *endpoint.IMAP, accounts []rehome.Account) {
	if !checkHost(ctx, c, host) || len(accounts) == 0 {
		return
	}
	account, ok := Sample(accounts, host, func(a rehome.Account) bool { return !a.DestinationPassword.Empty() })
	if !ok {
		c.Warn("log-in", "no password is known for any account at the destination", `run "rehome accounts export", then import its accounts.csv`)
		return
	}
	session, err := host.Open(ctx, account)
	switch {
	case rehome.ClassOf(err) == rehome.ClassAuth:
		c.Warn("log-in", err.Error(), `expected before accounts.csv is imported; afterwards: `+rehome.HintOf(err))
		return
	case err != nil:
		c.Fail("log-in", err)
		return
	}
	defer session.Close()
	c.OK("log-in", how(host)+" opens "+account.Address+contents(ctx, session))
	checkQuota(ctx, c, session, account)
	checkWriting(c, session.Capabilities())
}

// Sample chooses the account to try: one attempt, so that no host counts failures.
func Sample(accounts []rehome.Account, host *endpoint.IMAP, fits func(rehome.Account) bool) (rehome.Account, bool) {
	for _, a := range accounts {
		if fits(a) || host.Settings().MasterUser != "" || host.Settings().Token != nil {
			return a, true
		}
	}
	return rehome.Account{}, false
}

func how(host *endpoint.IMAP) string {
	if user := host.Settings().MasterUser; user != "" {
		return "master user " + user
	}
	if host.Settings().Token != nil {
		return "an access token"
	}
	return "the user's password"
}

// checkHost connects without logging in.
func checkHost(ctx context.Context, c *List, host *endpoint.IMAP) bool {
	if err := Visit(ctx, c, host); err != nil {
		c.Fail("imap", err)
		return false
	}
	return true
}

// Visit says what answers, without logging in. The error is that of a host that cannot be reached, trusted or understood.
func Visit(ctx context.Context, c *List, host *endpoint.IMAP) error {
	client, err := host.Visit(ctx)
	if err != nil {
		return err
	}
	defer client.Close() // only looked at
	name := serverName(ctx, client)
	state, secured := client.TLS()
	if !secured {
		c.Warn("imap", fmt.Sprintf("%s answers at %s without encryption", name, host.Settings().Address),
			"passwords and mail are sent unencrypted: use this only on this machine or inside a tunnel")
		return nil
	}
	expiry := state.PeerCertificates[0].NotAfter
	sentence := fmt.Sprintf("%s answers at %s, %s, certificate valid until %s",
		name, host.Settings().Address, tls.VersionName(state.Version), expiry.Format(time.DateOnly))
	if time.Until(expiry) < 30*24*time.Hour {
		c.Warn("imap", sentence, "it expires within a month: have it renewed before the move, or pin its key")
		return nil
	}
	c.OK("imap", sentence)
	return nil
}

// serverName asks with ID, which many servers answer before the log-in.
func serverName(ctx context.Context, client *endpoint.Session) string {
	answer, err := client.ID(ctx, "rehome", "1")
	if err == nil && answer["name"] != "" {
		return strings.TrimSpace(answer["name"] + " " + answer["version"])
	}
	return "an IMAP server"
}

// contents describes an account in a few words, as far as the server tells.
func contents(ctx context.Context, session *endpoint.Session) string {
	entries, err := session.List(ctx)
	if err != nil {
		return ""
	}
	var messages, octets int64
	known := true
	for _, e := range entries {
		if e.Status != nil {
			n, told := e.Status.Messages.Told()
			messages += n
			known = known && told
			octets += max(e.Status.Size, 0)
		}
	}
	text := fmt.Sprintf(": %s, %s messages", count(len(entries), "mailbox", "mailboxes"), humanize.Comma(messages))
	if !known {
		text = fmt.Sprintf(": %s; the server does not report how many messages they hold", count(len(entries), "mailbox", "mailboxes"))
	}
	if octets > 0 {
		text += ", " + humanize.Bytes(uint64(octets))
	}
	return text
}

// checkReading judges what the source offers for speed and for later passes.
func checkReading(c *List, caps imap.Capabilities) {
	if caps.Has("CONDSTORE") {
		c.OK("passes", "later passes ask only for changes (CONDSTORE)")
		return
	}
	c.Warn("passes", "the server does not report changes (no CONDSTORE), so every later pass lists the flags of all messages",
		"allow more time for the last pass")
}

// checkWriting judges what the destination offers for speed and for safety.
func checkWriting(c *List, caps imap.Capabilities) {
	switch {
	case caps.Has("MULTIAPPEND") && caps.Has("LITERAL+"):
		c.OK("speed", "accepts a hundred messages in one command (MULTIAPPEND, LITERAL+)")
	case caps.Has("LITERAL+"):
		c.Warn("speed", "accepts messages one by one (no MULTIAPPEND)", "expect a few hundred messages a second; more connections help: limits.per_account")
	default:
		c.Warn("speed", "must be asked before each message (no LITERAL+)",
			"expect a few messages a second for each connection on a slow line; raise limits.per_account as far as the host allows")
	}
	if !caps.Has("UIDPLUS") {
		c.Warn("receipts", "does not report the UID of a copied message (no UIDPLUS): rehome looks up each batch", "")
	}
	if limit, known := caps.AppendLimit(); known {
		c.OK("limits", "accepts messages up to "+humanize.IBytes(uint64(limit)))
	}
}

func checkQuota(ctx context.Context, c *List, session *endpoint.Session, account rehome.Account) {
	quota, known, err := session.QuotaOf(ctx, "INBOX")
	var status *imap.StatusError
	switch {
	case errors.As(err, &status), err == nil && !known:
	case err != nil:
		c.Fail("quota", endpoint.Fault(err, "ask for the quota of", account.Address))
	default:
		c.OK("quota", fmt.Sprintf("%s has room for %s there", account.Address, humanize.IBytes(uint64(quota.Limit))))
	}
}
