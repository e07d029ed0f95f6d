// SPDX-License-Identifier: Apache-2.0

package imap

// Every wait ends, and every answer does.
//
// A server that owes an answer has the timeout for its next octet, whatever that is, and no more than
// patience times the timeout in which nothing comes that a command waits for: "* OK", blanks, EXISTS,
// EXPUNGE and the flags of other messages show that it is alive and not that it works. What does come for
// a command gives back a share of that time, and its answer all of it. Only the time counts in which we
// wait for octets, and not what a callback takes.
//
// What one command may take is bounded in number, for FETCH by how many messages it asks for and the
// mailbox holds, and so is what may come in a row that no command has asked for.

// patienceFactor is how many timeouts a server may take without getting on.
const patienceFactor = 10

// A response that a command takes gives back the 60th part of a timeout (two seconds), and so do 2 KiB of
// a body.
const (
	shareOfResponse = 60
	octetsOfShare   = 2 << 10
)

const (
	mostTaken      = 1000     // responses that a command takes, unless it says otherwise
	mostOctets     = 24 << 20 // of the values in them
	mostChatter    = 100_000  // responses in a row that no command takes
	mostSplit      = 4        // responses about one message that a FETCH may get, and
	mostBesides    = 1000     // some more
	mostMessages   = 1 << 22  // of one mailbox: some 100 octets each
	maxSpooledBody = 2 << 30  // octets of a body that comes before the UID it belongs to
)

// account notes what became of an untagged response; taker is the command that took it, or nil.
func (c *Client) account(resp *response, taker *command) {
	if taker == nil && !resp.delivered {
		if c.chatter++; c.chatter > mostChatter {
			c.fail(&syntaxError{"it keeps sending without answering"})
		}
		return
	}
	c.chatter = 0
	c.transport.moved(octetsOfShare)
	if taker == nil {
		return
	}
	most := taker.most
	if most == 0 {
		most = mostTaken
	}
	taker.taken++
	taker.octets += resp.octets
	if taker.taken > most || taker.octets > mostOctets {
		c.fail(unending(taker.name))
	}
}

// unending ends the connection of a server that answers a command without end.
func unending(command string) error { return &syntaxError{"it answers " + command + " without end"} }

// answered says that a command got its answer.
func (c *Client) answered() {
	c.chatter = 0
	c.transport.answered()
}

// mostAnswers is how many responses a FETCH of so many UIDs may get from a mailbox that holds so many
// messages: some servers tell one message in several, and its flags again when somebody changes them.
func mostAnswers(asked int, held Count) int {
	messages := min(asked, mostMessages)
	if n, told := held.Told(); told {
		messages = min(messages, int(min(n, mostMessages)))
	}
	return mostSplit*messages + mostBesides
}
