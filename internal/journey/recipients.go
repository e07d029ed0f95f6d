// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"rehome"
	"rehome/internal/recipients"
)

// CensusOptions say where to look for recipients.
type CensusOptions struct {
	Logs     []string  // files and folders
	Messages int       // newest messages of each mailbox whose headers are read; 0: none
	Since    time.Time // sightings before do not count
}

// Census is who received mail, against who is on the books.
type Census struct {
	recipients.Report
	Logs     *recipients.LogsRead `json:"logs,omitempty"`
	Headers  int                  `json:"headers"` // messages whose header was read
	File     string               `json:"file"`
	Findings []rehome.Finding     `json:"findings"`
}

// censusFile is where a person writes decisions.
const censusFile = "recipients.csv"

// Census looks who received mail and writes recipients.csv, in which a person says what becomes of
// the addresses that nobody has on the books. Decisions that stand there are kept.
func (m *Move) Census(ctx context.Context, options CensusOptions) (Census, error) {
	if len(options.Logs) == 0 && options.Messages == 0 {
		return Census{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "look for", Object: "recipients", Cause: errors.New("neither logs nor messages are to be read"),
			Hint: "name mail logs of the source, or set --messages"}
	}
	p, book, err := m.book(ctx)
	if err != nil {
		return Census{}, err
	}
	old, err := m.readCensus()
	if err != nil {
		return Census{}, err
	}
	decisions := map[string]recipients.Decision{}
	for _, r := range old {
		decisions[r.Address] = r.Decision
	}
	counted := recipients.NewCensus(book.Ours, options.Since)
	census := Census{Findings: []rehome.Finding{}}
	if len(options.Logs) > 0 {
		read, err := recipients.ReadLogs(ctx, options.Logs, counted.Add)
		if err != nil {
			return Census{}, err
		}
		census.Logs = &read
	}
	if options.Messages > 0 {
		if err := m.readHeaders(ctx, p, options.Messages, counted.Add, &census); err != nil {
			return Census{}, err
		}
	}
	census.Report = counted.Report(book, decisions)
	census.File, err = m.writeOutput(censusFile, func(w io.Writer) error { return writeCensus(w, census.Recipients) })
	return census, err
}

var censusHeader = []string{"Address", "State", "By", "Messages", "Last", "Decision", "NextStep"}

func writeCensus(w io.Writer, all []recipients.Recipient) error {
	rows := [][]string{censusHeader}
	for _, r := range all {
		last := ""
		if !r.Last.IsZero() {
			last = r.Last.Format(time.DateOnly)
		}
		rows = append(rows, []string{r.Address, string(r.State), string(r.By), strconv.Itoa(r.Messages), last, string(r.Decision), r.NextStep})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// readCensus reads what the last census has written and a person has filled in; nothing if there
// was none.
func (m *Move) readCensus() ([]recipients.Recipient, error) {
	path := filepath.Join(m.settings.Accounts.Output, censusFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var all []recipients.Recipient
	if err == nil {
		all, err = parseCensus(content)
	}
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: path, Cause: err, Hint: "correct it, or remove it and take the census again"}
	}
	return all, nil
}

func parseCensus(content []byte) ([]recipients.Recipient, error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], censusHeader) {
		return nil, errors.New("its first line is not " + strings.Join(censusHeader, ","))
	}
	var all []recipients.Recipient
	for i, row := range rows[1:] {
		address, err := rehome.ParseAddress(row[0])
		if err != nil {
			return nil, errors.New("the address in line " + strconv.Itoa(i+2) + " " + err.Error())
		}
		decision := recipients.Decision(strings.ToLower(strings.TrimSpace(row[5])))
		if decision != "" && decision != recipients.Keep && decision != recipients.Drop {
			return nil, errors.New("the decision in line " + strconv.Itoa(i+2) + " is neither keep nor drop")
		}
		all = append(all, recipients.Recipient{Address: address, State: recipients.State(row[1]), Decision: decision})
	}
	return all, nil
}

// CheckRecipients asks the destination's mail hosts for every address on the books and of the census.
// Answers of an earlier run that were final are used again, unless again says to ask anew: a host that
// asks to wait is asked for the rest by the next run. told hears progress.
func (m *Move) CheckRecipients(ctx context.Context, again bool, told func(string)) (recipients.Parity, error) {
	_, book, err := m.book(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	seen, err := m.readCensus()
	if err != nil {
		return recipients.Parity{}, err
	}
	return m.compare(ctx, recipients.Wants(book, seen), again, told)
}

// CheckAliases is CheckRecipients for the aliases alone.
func (m *Move) CheckAliases(ctx context.Context, again bool, told func(string)) (recipients.Parity, error) {
	_, book, err := m.book(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	wants := slices.DeleteFunc(recipients.Wants(book, nil), func(w recipients.Want) bool { return w.Why == "account" })
	return m.compare(ctx, wants, again, told)
}

// compare asks every address of the mail hosts, one after the other: they may count together what one machine
// asks. A host that cannot be asked is an error only if no other can.
func (m *Move) compare(ctx context.Context, wants []recipients.Want, again bool, told func(string)) (recipients.Parity, error) {
	probe, err := m.probe(told)
	if err != nil {
		return recipients.Parity{}, err
	}
	hosts, err := m.mailHosts(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	known, err := m.readAnswers(hosts, again)
	if err != nil {
		return recipients.Parity{}, err
	}
	var all []recipients.Asked
	var failures []error
	for _, host := range hosts {
		probe.Host = host
		asked, err := askHost(ctx, probe, wants, known.Hosts[host.String()])
		if err := errors.Join(ctx.Err(), m.saveAnswers(known)); err != nil {
			return recipients.Parity{}, err
		}
		if err != nil {
			failures = append(failures, err)
			asked.Error, asked.NextStep = err.Error(), rehome.HintOf(err)
		}
		all = append(all, asked)
	}
	if len(failures) == len(all) {
		return recipients.Parity{}, failures[0]
	}
	return recipients.Compare(wants, all), nil
}

// askHost adds to what one host has said before.
func askHost(ctx context.Context, probe recipients.Probe, wants []recipients.Want, said replies) (recipients.Asked, error) {
	domains := map[string]string{} // the unlikely address of each
	var addresses []string
	for _, want := range wants {
		_, domain, _ := strings.Cut(want.Address, "@")
		if domains[domain] == "" {
			domains[domain] = recipients.Unlikely(domain)
			addresses = append(addresses, domains[domain]) // first, so that the answers behind it can be judged
		}
		if !said.final(want.Address) {
			addresses = append(addresses, want.Address)
		}
	}
	err := probe.Ask(ctx, addresses, func(r recipients.Reply) { said[r.Address] = r })
	asked := recipients.Asked{Host: probe.Host.String(), Replies: maps.Clone(said), AcceptAll: []string{}}
	for domain, unlikely := range domains {
		if said[unlikely].Answer == recipients.Accepted {
			asked.AcceptAll = append(asked.AcceptAll, domain)
		}
		delete(said, unlikely)
	}
	slices.Sort(asked.AcceptAll)
	return asked, err
}
