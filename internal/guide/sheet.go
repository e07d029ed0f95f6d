// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rehome/internal/clientsetup"
	"rehome/internal/devices"
)

// sheet is a page before it has a form.
type sheet struct {
	Language, Direction, Quotes string
	Title, Organisation         string
	Greeting                    line
	Lead                        []line
	Parts                       []part // in order
	Known                       bool   // which devices the person has
	Others                      string // heading of the following
	Folded                      []part // devices that the person is not known to have
	Closing                     []part
}

func (s sheet) parts() []part {
	return append(append(append([]part{}, s.Parts...), s.Folded...), s.Closing...)
}

// part is what stands below one heading.
type part struct {
	ID, Head string
	Device   bool // instructions for one kind of device
	Call     bool // what everybody has to read
	Blocks   []block
}

// block is a piece of a part; one of its fields is set.
type block struct {
	Paragraphs, Bullets, Steps, Notes []line
	Rows                              []row
	Codes                             []code
	Links                             []link
	Verbatim                          string
}

// row is one of a table; one without a value is the heading of those below.
type row struct {
	Label string
	Value line
	Old   line
	Link  string
}

// code is a picture for a camera.
type code struct {
	ID, Caption string
	Elsewhere   string // what stands in its place where there are no pictures
	png         []byte
}

// link is one that a telephone opens.
type link struct{ Label, URL string }

// writer makes the sheet of one person. The first error ends it.
type writer struct {
	*language
	o    Organisation
	p    Person
	v    view
	draw func([]byte) ([]byte, error)
	err  error
}

// Make makes the page of a person in the person's language.
func (b *Book) Make(o Organisation, p Person) (Page, error) {
	l, known := b.languages[p.Language]
	if !known {
		l = b.languages[b.fallback]
	}
	return l.make(o, p, clientsetup.Picture)
}

// make makes a page; picture draws its codes.
func (l *language) make(o Organisation, p Person, picture func([]byte) ([]byte, error)) (Page, error) {
	w := &writer{language: l, o: o, p: p, v: l.viewOf(o, p), draw: picture}
	page := Page{Language: l.code, Subject: w.word("subject", w.v)}
	page.sheet = sheet{
		Language: l.code, Direction: w.word("direction", nil), Quotes: w.word("quotes", nil),
		Title: w.word("title", w.v), Organisation: w.v.Organisation, Greeting: w.first("greeting", w.v), Lead: w.lines("lead", w.v),
	}
	s := &page.sheet
	s.Parts = append(s.Parts, part{ID: "do", Head: w.word("do.head", nil), Call: true, Blocks: []block{{Bullets: w.lines("do", w.v)}}}, w.values())
	s.Known = w.v.Known
	own, others := w.instructions()
	if !w.v.Unchanged {
		s.Parts = append(s.Parts, w.devices(own))
		s.Parts = append(s.Parts, own...)
		s.Folded, s.Others = others, w.word("others", nil)
	}
	s.Closing = w.closing()
	if w.err != nil {
		return Page{}, fmt.Errorf("the texts of %s: %w", l.code, w.err)
	}
	return page, nil
}

func (w *writer) lines(key string, data any) []line {
	text, err := w.say(key, data)
	if err != nil && w.err == nil {
		w.err = err
	}
	return parse(text)
}

// first is a text of one line.
func (w *writer) first(key string, data any) line {
	if lines := w.lines(key, data); len(lines) > 0 {
		return lines[0]
	}
	return nil
}

func (w *writer) word(key string, data any) string { return w.first(key, data).Plain() }

// coded is a value to copy.
func coded(value string) line { return line{{codeText, tidy(value)}} }

// was shows what a value was, if it was known and is another one.
func (w *writer) was(old, now string) line {
	if old == "" || old == now {
		return nil
	}
	return w.first("value.old", old)
}

// values is the table from which everything can be copied.
func (w *writer) values() part {
	v, p := w.v, w.p
	rows := []row{{Label: w.word("value.account", nil)}, {Label: w.word("value.address", nil), Value: coded(p.Address)},
		{Label: w.word("value.login", nil), Value: coded(p.Login), Old: w.was(p.OldLogin, p.Login)},
		{Label: w.word("value.password", nil), Value: w.first("value.password.text", v)}}
	rows = append(rows, w.serverRows("value.in", v.In, incoming(p.Source))...)
	if v.Out.Host != "" {
		rows = append(rows, w.serverRows("value.out", v.Out, serverOf("SMTP", p.Source.Submission))...)
		rows = append(rows, row{Label: w.word("value.authentication", nil), Value: w.first("value.authentication.text", nil)})
	}
	if v.DAV != "" {
		rows = append(rows, row{Label: w.word("value.dav", nil)},
			row{Label: w.word("value.url", nil), Value: coded(v.DAV), Old: w.was(p.Source.DAVAddress, v.DAV)})
	}
	if v.Webmail != "" {
		rows = append(rows, row{Label: w.word("value.webmail", nil)},
			row{Label: w.word("value.url", nil), Value: coded(v.Webmail), Old: w.was(v.OldWebmail, v.Webmail), Link: v.Webmail})
	}
	return part{ID: "values", Head: w.word("values.head", v), Blocks: []block{{Paragraphs: w.lines("values", v)}, {Rows: rows}}}
}

func (w *writer) serverRows(key string, now, old server) []row {
	if now.Host == "" {
		return nil
	}
	rows := []row{{Label: w.word(key, now)}, {Label: w.word("value.server", nil), Value: coded(now.Host), Old: w.was(old.Host, now.Host)},
		{Label: w.word("value.port", nil), Value: coded(strconv.Itoa(now.Port))}, {Label: w.word("value.security", nil), Value: w.first("tls", now.TLS)}}
	if old.Host != "" {
		rows[2].Old = w.was(strconv.Itoa(old.Port), strconv.Itoa(now.Port))
	}
	return rows
}

// devices lists what a person is known to use.
func (w *writer) devices(own []part) part {
	var list []line
	for _, d := range w.p.Devices {
		list = append(list, w.first("device", struct{ Name, Protocols, Day string }{tidy(d.Name), protocolsOf(d), w.date("day", d.Last)}))
	}
	d := part{ID: "devices", Head: w.word("devices.head", nil), Blocks: []block{{Paragraphs: w.lines("devices", w.v)}, {Bullets: list}}}
	if len(own) > 0 || !w.v.Known {
		d.Blocks = append(d.Blocks, block{Notes: w.lines("after", w.v)})
	}
	return d
}

// protocolsOf says how a program without a name is known.
func protocolsOf(d devices.Device) string {
	if d.Name != "" {
		return ""
	}
	return strings.ToUpper(strings.Join(d.Protocols, ", "))
}

// instructions returns those for devices that the person has, and those for others. Where nothing is known, all are for others.
func (w *writer) instructions() (own, others []part) {
	for _, program := range []devices.Program{
		devices.Webmail, devices.Thunderbird, devices.Outlook, devices.IPhone, devices.Mac, devices.Android, devices.Other,
	} {
		if program == devices.Webmail && w.v.Webmail == "" || program != devices.Webmail && w.v.In.Host == "" {
			continue
		}
		if w.p.has(program) || program == devices.Webmail {
			own = append(own, w.instruction(program))
		} else {
			others = append(others, w.instruction(program))
		}
	}
	if w.p.uses("pop3") {
		own = append(own, part{ID: "pop3", Head: w.word("pop3.head", nil), Device: true, Blocks: []block{{Steps: w.lines("pop3.steps", w.v)}}})
	}
	return own, others
}

func (p Person) has(program devices.Program) bool {
	return slices.ContainsFunc(p.Devices, func(d devices.Device) bool {
		return d.Program == program && !(program == devices.Other && slices.Equal(d.Protocols, []string{"pop3"})) // which has its own part
	})
}

func (w *writer) instruction(program devices.Program) part {
	id := string(program)
	one := part{ID: id, Head: w.word(id+".head", nil), Device: true, Blocks: []block{{Steps: w.lines(id+".steps", w.v)}}}
	switch program {
	case devices.IPhone:
		one.Blocks = append(one.Blocks, w.codes("profile", w.v.ProfileLink))
	case devices.Android:
		if text, ok := w.p.Destination.AndroidCode(w.p.setup()); ok {
			one.Blocks = append(one.Blocks, w.codes("android", string(text)))
		}
		one.Blocks = append(one.Blocks, w.androidLinks())
	case devices.Thunderbird, devices.Outlook, devices.Other:
		one.Blocks = append(one.Blocks, block{Notes: w.lines(id+".notes", w.v)})
	}
	return one
}

func (w *writer) codes(id, text string) block {
	if text == "" {
		return block{}
	}
	picture, err := w.draw([]byte(text))
	if err != nil {
		return block{} // too long for a camera; the values stand above
	}
	return block{Codes: []code{{ID: id, Caption: w.word("code."+id, nil), Elsewhere: w.word("code.elsewhere", nil), png: picture}}}
}

func (w *writer) androidLinks() block {
	calendars, contacts, ok := w.p.Destination.DAVLinks(w.p.setup())
	if !ok || w.v.CalendarLink == "" {
		return block{}
	}
	return block{Links: []link{{w.word("links.calendars", nil), calendars}, {w.word("links.contacts", nil), contacts}}}
}

// closing is what does not hang on a device.
func (w *writer) closing() []part {
	old := part{ID: "old", Head: w.word("old.head", nil), Blocks: []block{{Bullets: w.lines("old", w.v)}}}
	parts := []part{{ID: "rules", Head: w.word("rules.head", nil), Blocks: []block{{Bullets: w.lines("rules", w.v)}}}}
	if !w.v.Unchanged { // otherwise there is but one
		parts = append([]part{old}, parts...)
	}
	if rows := w.collections(); len(rows) > 0 {
		parts = append(parts, part{ID: "check", Head: w.word("check.head", nil), Blocks: []block{{Paragraphs: w.lines("check", nil)}, {Rows: rows}}})
	}
	if settings := w.settings(); len(settings) > 0 {
		blocks := append([]block{{Paragraphs: w.lines("settings", nil)}}, settings...)
		parts = append(parts, part{ID: "settings", Head: w.word("settings.head", nil), Blocks: blocks})
	}
	return append(parts, part{ID: "help", Head: w.word("help.head", nil), Call: true, Blocks: []block{{Paragraphs: w.lines("help", w.v)}}})
}

func (w *writer) collections() (rows []row) {
	for _, c := range w.p.Collections {
		kind, count := "check.calendar", "check.events"
		if c.Contacts {
			kind, count = "check.contacts", "check.cards"
		}
		many := struct {
			Number string
			Count  int
		}{w.number(c.Objects), c.Objects}
		word := w.word(kind, nil)
		rows = append(rows, row{Label: word, Value: line{{nameText, shownName(c, word)}}, Old: w.first(count, many)})
	}
	return rows
}

func (w *writer) settings() (blocks []block) {
	var rows []row
	for _, one := range []struct{ key, value string }{
		{"setting.name", w.p.DisplayName}, {"setting.reply", w.p.ReplyTo}, {"setting.zone", w.p.TimeZone}, {"setting.language", w.p.Preference.Language},
	} {
		if value := tidy(one.value); value != "" {
			rows = append(rows, row{Label: w.word(one.key, nil), Value: line{{nameText, value}}})
		}
	}
	if w.p.ReplyTo+w.p.TimeZone+w.p.Preference.Language+w.p.Signature == "" {
		return nil // the name alone came with the account
	}
	blocks = append(blocks, block{Rows: rows})
	if strings.TrimSpace(w.p.Signature) == "" {
		return blocks
	}
	blocks = append(blocks, block{Paragraphs: []line{{{plainText, w.word("setting.signature", nil) + ":"}}}}, block{Verbatim: tidyVerses(w.p.Signature)})
	if w.p.HTML {
		blocks = append(blocks, block{Notes: w.lines("setting.signature.html", nil)})
	}
	return blocks
}
