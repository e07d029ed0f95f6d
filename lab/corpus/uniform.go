// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"rehome"
)

// Uniform makes n plain messages of about size octets, spread evenly over so many mailboxes, the
// first of which is INBOX. Sizes vary by a quarter either way. It is for benchmarks and engine tests:
// no traps, quickly made, the same each time.
func Uniform(n int, size int64, mailboxes int) []Mailbox {
	return uniform(newStock(0), "uniform", n, aroundSize(size), mailboxes)
}

// Spread is Uniform with sizes from the smallest to the largest, spread evenly over their logarithm as
// those of attachments are: as many messages between 1 and 2 MB as between 10 and 20.
func Spread(n int, smallest, largest int64, mailboxes int) []Mailbox {
	sizes := func(rng *rand.Rand) int64 {
		return int64(float64(smallest) * math.Pow(float64(largest)/float64(smallest), rng.Float64()))
	}
	return uniform(newStock(0), "spread", n, sizes, mailboxes)
}

// aroundSize throws sizes within a quarter of size either way.
func aroundSize(size int64) func(*rand.Rand) int64 {
	return func(rng *rand.Rand) int64 { return size*3/4 + rng.Int64N(size/2+1) }
}

// Crowd makes an organisation of so many people, each with Uniform mail of their own.
func Crowd(people, n int, size int64, mailboxes int) Organisation {
	org := Organisation{Name: "Crowd", Domains: []string{"example.com"}, Groups: sampleGroups()}
	shared := newStock(0)
	for i := range people {
		address := fmt.Sprintf("user%04d@example.com", i+1)
		password := fmt.Sprintf("Crowd-Pass%04d", i+1)
		org.People = append(org.People, Person{
			Address: address, FirstName: "User", LastName: fmt.Sprint(i + 1), Plain: password, Stored: password,
			Form: rehome.PasswordPlain, Group: groupDefault, Mailboxes: uniform(shared, address, n, aroundSize(size), mailboxes),
		})
	}
	return org
}

// UniformContacts makes an address book of n clean contacts.
func UniformContacts(n int) Collection {
	rng := newRand(0, "uniform contacts")
	c := Collection{Name: defaultBook, DisplayName: "Contacts"}
	for i := range n {
		c.Resources = append(c.Resources, contact(rng, i))
	}
	return c
}

// UniformEvents makes a calendar of n clean events, every third one recurring.
func UniformEvents(n int) Collection {
	rng := newRand(0, "uniform events")
	c := Collection{Name: defaultCalendar, DisplayName: "Calendar", Components: []string{"VEVENT", "VTODO"}}
	for i := range n {
		c.Resources = append(c.Resources, event(rng, "user@example.com", i))
	}
	return c
}

func uniform(shared *stock, name string, n int, size func(*rand.Rand) int64, mailboxes int) []Mailbox {
	rng := newRand(0, name)
	boxes := make([]Mailbox, mailboxes)
	for i := range boxes {
		boxes[i] = Mailbox{Subscribed: true, UIDValidity: uint32(1_200_000_000 + i)}
		if i > 0 {
			boxes[i].Path = []string{fmt.Sprintf("Box %03d", i)}
		}
	}
	start := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		box := &boxes[i*mailboxes/n]
		box.Messages = append(box.Messages, uniformMessage(shared, rng, size, start.Add(time.Duration(i)*time.Minute)))
	}
	for i := range boxes {
		for j := range boxes[i].Messages {
			boxes[i].Messages[j].UID = uint32(j + 1)
		}
		boxes[i].UIDNext = uint32(len(boxes[i].Messages) + 1)
	}
	return boxes
}

func uniformMessage(shared *stock, rng *rand.Rand, size func(*rand.Rand) int64, date time.Time) Message {
	l := letter{
		stock: shared, seed: rng.Uint64(), id: newID(rng), size: size(rng), date: date,
		from: "Sender <sender@partner.example>", to: "User <user@example.com>", subject: "Uniform",
	}
	if l.size > 64<<10 {
		l.shape = shapeMixed
	}
	msg := l.message()
	msg.InternalDate = date
	msg.Flags = [][]string{{`\Seen`}, {`\Seen`, `\Answered`}, nil, {`\Seen`, `\Flagged`}}[rng.IntN(4)]
	return msg
}
