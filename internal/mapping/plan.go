// SPDX-License-Identifier: Apache-2.0

package mapping

// Make plans the way of each source mailbox.
func Make(src, dst End, rules Rules) Plan { return Plan{} }

// Missing returns the destination mailboxes that have to be created, each once, parents first.
// Containers are not among them: a server makes them with the first child.
func (p Plan) Missing() []string { return nil }
