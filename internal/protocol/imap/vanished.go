// SPDX-License-Identifier: Apache-2.0

package imap

// takeVanished hands "* VANISHED (EARLIER) 1:3,7" to the sink (RFC 7162, section 3.2.10). Without
// EARLIER the messages have gone just now, which is the same to whoever compares two states.
func (s *fetchSink) takeVanished(resp *response) bool {
	if resp.name != "VANISHED" || s.handler.Vanished == nil {
		return false
	}
	last := max(len(resp.fields)-1, 0)
	uids, ok := ParseUIDSet(resp.field(last).text())
	switch {
	case s.err != nil:
	case !ok || uids.Empty():
		s.err = &syntaxError{"what has vanished is no set of numbers"} // it must not look like nothing
	default:
		s.err = s.handler.Vanished(uids)
	}
	return true
}
