// SPDX-License-Identifier: Apache-2.0

package corpus

import "time"

// plant lays the one message into the person's mail that a destination has to refuse.
func (b *builder) plant(p *Person) Planted {
	const path = "Archive"
	m := p.mailbox(path)
	msg := b.big("planted", plantedOctets, correspondent{p.RealName, p.Address})
	msg.Trap = "larger than 20 MB"
	msg.Flags = []string{`\Seen`}
	msg.InternalDate = time.Date(2016, 9, 1, 7, 30, 0, 0, time.UTC)
	m.Messages = append(m.Messages, msg)
	return Planted{Address: p.Address, Mailbox: m.IMAPName(), Octets: msg.Size, What: "message larger than 20 MB"}
}

// big makes a letter with a large attachment.
func (b *builder) big(name string, size int64, to correspondent) Message {
	rng := newRand(b.Seed, "big/"+name)
	l := letter{
		stock: b.stock, seed: rng.Uint64(), id: newID(rng), size: size, shape: shapeMixed,
		date: time.Date(2016, 8, 31, 19, 0, 0, 0, time.UTC), from: b.others[0].field(), to: to.field(),
		subject: encodeSubject("Scans, full resolution"),
	}
	return l.message()
}

// finish lays in what is not left to chance, and numbers everything.
func (b *builder) finish(org *Organisation) {
	anna := &org.People[0]
	b.layTraps(anna)
	b.layTail(anna)
	anna.Subscribed = [][]string{{"Gone for years"}, {"Projects", "2018"}}
	for i := range org.People {
		for j := range org.People[i].Mailboxes {
			m := &org.People[i].Mailboxes[j]
			number(newRand(b.Seed, "uid/"+org.People[i].Address+m.IMAPName()), m)
		}
	}
}

// layTraps scatters the odd messages, true duplicates, and copies over several mailboxes.
func (b *builder) layTraps(p *Person) {
	rng := newRand(b.Seed, "traps")
	in := p.mailbox()
	archive := p.mailbox("Archive")
	alpha := p.mailbox("Projects", "2019", "Alpha")
	odd := oddMessages()
	for i := range odd {
		odd[i].Flags = flagsFor(rng, roleIn)
	}
	scatter(rng, in, odd...)

	twin := in.Messages[len(in.Messages)/2]
	twin.Trap = "true duplicate"
	scatter(rng, in, twin, twin)
	scatter(rng, archive, archive.Messages[0])

	copied := in.Messages[0]
	copied.Trap = "same message in three mailboxes"
	copied.Flags = []string{`\Seen`, `\Flagged`}
	scatter(rng, archive, copied)
	scatter(rng, alpha, copied)
}

// layTail adds the few big messages that every server has, below every limit.
func (b *builder) layTail(p *Person) {
	rng := newRand(b.Seed, "tail")
	to := correspondent{p.RealName, p.Address}
	archive := p.mailbox("Archive")
	scatter(rng, archive, b.big("a", 1<<20, to), b.big("b", 3<<20, to))
	scatter(rng, p.mailbox("Sent"), b.big("c", 2<<20, to))
}

// mailbox returns the one at that path for changing; the plan of the sample has it.
func (p *Person) mailbox(path ...string) *Mailbox {
	for i := range p.Mailboxes {
		if p.Mailboxes[i].IMAPName() == imapName(path) {
			return &p.Mailboxes[i]
		}
	}
	panic("the sample has no mailbox " + imapName(path))
}
