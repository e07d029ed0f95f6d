// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"rehome"
)

// Options steer Sample. The zero value gives the demo organisation.
type Options struct {
	Scale   float64  // multiplies the ordinary messages and resources; 0 means 1
	Seed    uint64   // another seed gives other texts, dates and flags, the same people and traps
	Domains []string // default example.com, example.org, example.net
}

// The one message that a destination with a limit of 20 MB has to refuse.
const plantedOctets = 25 << 20

// Sample makes the demo organisation: about 3,000 messages and 65 MB at scale 1.
func Sample(o Options) Organisation {
	if len(o.Domains) == 0 {
		o.Domains = []string{"example.com", "example.org", "example.net"}
	}
	b := newBuilder(o)
	org := Organisation{
		Name: "Kestrel & Sons", Domains: o.Domains, Groups: sampleGroups(), Aliases: sampleAliases(o.Domains),
	}
	plans := samplePeople()
	for i := range plans {
		plans[i].complete(o.Domains)
		b.colleagues = append(b.colleagues, plans[i].correspondent())
	}
	for _, plan := range plans {
		org.People = append(org.People, b.person(plan))
	}
	anna := &org.People[0]
	bjorn := org.People[slices.IndexFunc(org.People, hasMD5)]
	org.Planted = []Planted{b.plant(anna)}
	b.finish(&org)
	org.Delegates = []Delegate{{Owner: anna.Address, Calendar: defaultCalendar, To: bjorn.Address, Write: true}}
	return org
}

func hasMD5(p Person) bool { return p.Form == rehome.PasswordMD5 }

// complete fills in what most rows of the table have in common.
func (p *personPlan) complete(domains []string) {
	p.Address = p.local + "@" + domains[p.domain%len(domains)]
	if p.Form == "" {
		p.Form, p.Stored = rehome.PasswordPlain, p.Plain
	}
	p.Group = cmp.Or(p.Group, groupDefault)
}

func (p personPlan) correspondent() correspondent {
	return correspondent{name: strings.TrimSpace(p.RealName), address: p.Address}
}

// outsiders write from elsewhere.
func outsiders() []correspondent {
	return []correspondent{
		{"Müller Spedition GmbH", "disposition@spedition.example"}, {"Νίκος Αντωνίου", "nikos@ploia.example"},
		{"渡辺 商事", "eigyo@shoji.example"}, {"Newsletter", "news@letters.example"}, {"", "noreply@shop.example"},
		{"O'Hara, Fiona", "fiona@partner.example"}, {"Иван Петров", "ivan@zavod.example"}, {"François Lefèvre", "francois@transport.example"},
	}
}

func subjects() []string {
	return []string{
		"Offer 4711", "Re: Offer 4711", "AW: Lieferung verspätet", "Fwd: invoice attached", "Réunion de lundi", "見積書の件",
		"Договор поставки", "Τιμολόγιο 2014/118", "פגישה מחר", "Minutes of Friday", "Re: Re: customs papers", "(no subject)", "",
	}
}

// builder makes people out of plans.
type builder struct {
	Options
	stock      *stock
	colleagues []correspondent
	others     []correspondent
	subjects   []string
}

func newBuilder(o Options) *builder {
	if o.Scale == 0 {
		o.Scale = 1
	}
	return &builder{Options: o, stock: newStock(o.Seed), others: outsiders(), subjects: subjects()}
}

// scaled is never zero for what is not zero at scale 1, so that small samples keep every shape.
func (b *builder) scaled(count int) int {
	if count == 0 {
		return 0
	}
	return max(1, int(float64(count)*b.Scale+0.5))
}

func (b *builder) person(plan personPlan) Person {
	p := plan.Person
	for i, box := range plan.boxes {
		p.Mailboxes = append(p.Mailboxes, b.mailbox(plan, box, i))
	}
	p.AddressBooks = b.addressBooks(p)
	p.Calendars = b.calendars(p)
	return p
}

func (b *builder) mailbox(plan personPlan, box boxPlan, i int) Mailbox {
	rng := newRand(b.Seed, plan.Address+"/"+strings.Join(box.path, "/"))
	m := Mailbox{
		Path: box.path, Subscribed: !box.unsubscribed, CourierUIDL: box.courier,
		UIDValidity: uint32(1_100_000_000 + 86_400*len(plan.local) + i),
	}
	dates := make([]time.Time, b.scaled(box.count))
	first := time.Date(box.from, 1, 5, 0, 0, 0, 0, time.UTC)
	span := time.Date(box.to, 12, 20, 0, 0, 0, 0, time.UTC).Sub(first)
	for j := range dates {
		dates[j] = first.Add(time.Duration(rng.Int64N(int64(span)))).Truncate(time.Second)
	}
	slices.SortFunc(dates, time.Time.Compare)
	for _, date := range dates {
		m.Messages = append(m.Messages, b.message(rng, plan, box, date))
	}
	return m
}

func (b *builder) message(rng *rand.Rand, plan personPlan, box boxPlan, arrived time.Time) Message {
	l := b.letter(rng, plan, box.role, arrived)
	msg := l.message()
	msg.InternalDate = arrived
	if box.role == roleArchive && rng.IntN(5) == 0 { // dragged in long after it was written
		msg.InternalDate = time.Date(box.to, 6, 11, 8, rng.IntN(60), rng.IntN(60), 0, time.UTC)
	}
	msg.Flags = flagsFor(rng, box.role)
	return msg
}

func (b *builder) letter(rng *rand.Rand, plan personPlan, r role, arrived time.Time) letter {
	own := plan.correspondent()
	other := b.correspondent(rng)
	from, to := other, own
	if r == roleSent || r == roleDrafts {
		from, to = own, other
	}
	zone := time.FixedZone("", 3600*(rng.IntN(15)-5))
	l := letter{
		stock: b.stock, seed: rng.Uint64(), id: newID(rng), size: messageSize(rng),
		date: arrived.Add(-time.Duration(rng.IntN(7200)) * time.Second).In(zone),
		from: from.field(), to: to.field(), subject: encodeSubject(b.subjects[rng.IntN(len(b.subjects))]),
		shape: shapeFor(rng),
	}
	if r == roleSent && rng.IntN(2) == 0 {
		l.mailer = "Atmail 7.2.0.14467"
	}
	l.read = rng.IntN(40) == 0
	if l.size > 40<<10 {
		l.shape = shapeMixed
	}
	return l
}

func (b *builder) correspondent(rng *rand.Rand) correspondent {
	if rng.IntN(3) == 0 {
		return b.colleagues[rng.IntN(len(b.colleagues))]
	}
	return b.others[rng.IntN(len(b.others))]
}
