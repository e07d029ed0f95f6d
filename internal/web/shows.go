// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
)

type auditPage struct {
	frame

	Object  string
	Lines   []ledger.AuditLine
	First   bool
	NextURL string
}

func (s *Screen) showAudit(w http.ResponseWriter, r *http.Request, who visitor) {
	query := r.URL.Query()
	page := auditPage{frame: frameOf("Audit log", "audit", who), Object: strings.TrimSpace(query.Get("object"))}
	before, err := strconv.ParseInt(query.Get("before"), 10, 64)
	page.First = err != nil || before <= 0
	if page.First {
		before = 0
	}
	lines, more, err := s.move.AuditPage(r.Context(), page.Object, before, rowsOnPage)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	if page.Lines = lines; more {
		page.NextURL = "/audit?" + url.Values{"object": {page.Object}, "before": {strconv.FormatInt(lines[len(lines)-1].Line, 10)}}.Encode()
	}
	write(w, r, s.options.Log, http.StatusOK, "audit", page)
}

type cutoverPage struct {
	frame
	journey.Crossing

	Gates   []switchover.Gate
	History []ledger.AuditLine
	Of      string // the domain whose history that is
}

// historyLines is how much of what has happened to a domain its page shows; the audit log has all.
const historyLines = 50

func (s *Screen) showCutover(w http.ResponseWriter, r *http.Request, who visitor) {
	crossing, err := s.move.CutoverStatus(r.Context(), nil)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	page := cutoverPage{frame: frameOf("Cutover", "cutover", who), Crossing: crossing, Gates: switchover.Gates()}
	page.Of = r.URL.Query().Get("domain")
	for _, d := range crossing.Domains {
		if page.Of == "" && d.State != "" {
			page.Of = d.Domain
		}
	}
	if page.Of != "" {
		if page.History, _, err = s.move.AuditPage(r.Context(), page.Of, 0, historyLines); err != nil {
			s.failed(w, r, who, err)
			return
		}
	}
	write(w, r, s.options.Log, http.StatusOK, "cutover", page)
}

type endsPage struct {
	frame
	journey.BothEnds
}

func (s *Screen) showEnds(w http.ResponseWriter, r *http.Request, who visitor) {
	write(w, r, s.options.Log, http.StatusOK, "ends", endsPage{frameOf("Both ends", "ends", who), s.move.BothEnds()})
}

type span struct {
	Name string
	span time.Duration
}

// spanOf is the span of a name, and a day for any other.
func spanOf(name string) span {
	for _, one := range spans {
		if one.Name == name {
			return one
		}
	}
	return spans[1]
}

// spans are how far back a chart may go.
var spans = []span{{"6h", 6 * time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"35d", 35 * 24 * time.Hour}}

type speedPage struct {
	frame

	Spans    []string
	Span     string
	Step     time.Duration
	Messages int64
	Octets   int64
	Best     float64 // messages per second in the best step
	BestAt   time.Time
	Left     int64          // messages that passes know of and have not brought
	Known    int64          // all that they know of
	Chart    string         // JSON for the script
	Latest   []ledger.Speed // the last steps, the newest first
	Events   []journey.SpeedEvent
}

// latestSteps is how many steps stand in the table beside the chart.
const latestSteps = 12

func (s *Screen) showSpeed(w http.ResponseWriter, r *http.Request, who visitor) {
	page := speedPage{frame: frameOf("Throughput", "speed", who)}
	for _, one := range spans {
		page.Spans = append(page.Spans, one.Name)
	}
	span := spanOf(r.URL.Query().Get("span"))
	page.Span = span.Name
	throughput, err := s.move.Throughput(r.Context(), span.span)
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	page.Step, page.Events = throughput.Step, throughput.Events[:min(len(throughput.Events), latestSteps)]
	for i, speed := range throughput.Speeds {
		page.Messages, page.Octets = page.Messages+speed.Messages, page.Octets+speed.Octets
		if rate := float64(speed.Messages) / throughput.Step.Seconds(); rate > page.Best {
			page.Best, page.BestAt = rate, speed.At
		}
		if i >= len(throughput.Speeds)-latestSteps {
			page.Latest = append([]ledger.Speed{speed}, page.Latest...)
		}
	}
	overview, err := s.live.overview(r.Context())
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	for _, t := range overview.Totals {
		page.Left, page.Known = page.Left+max(t.Messages-t.Copied, 0), page.Known+t.Messages
	}
	page.Chart = chartOf(throughput, s.options.Now(), span.span, page.Left)
	write(w, r, s.options.Log, http.StatusOK, "speed", page)
}

// chart is what the script draws: rates per second at moments in seconds since 1970.
type chart struct {
	At       []int64   `json:"at"`
	Messages []float64 `json:"messages"`
	Octets   []float64 `json:"octets"`
	Events   []int64   `json:"events"`
	Left     []int64   `json:"left"` // messages that were still to be brought, reckoned back from now by what was carried
}

// chartOf fills the steps in which nothing was carried with zeros, beside those in which something was.
func chartOf(t journey.Throughput, now time.Time, span time.Duration, left int64) string {
	c := chart{At: []int64{}, Messages: []float64{}, Octets: []float64{}, Events: []int64{}}
	step := int64(t.Step.Seconds())
	add := func(at int64, messages, octets int64) {
		c.At, c.Left = append(c.At, at), append(c.Left, messages)
		c.Messages = append(c.Messages, float64(messages)/t.Step.Seconds())
		c.Octets = append(c.Octets, float64(octets)/t.Step.Seconds())
	}
	last := now.Add(-span).Unix()
	add(last, 0, 0)
	for _, s := range t.Speeds {
		at := s.At.Unix()
		if at-last > 2*step {
			add(last+step, 0, 0)
		}
		if at-last > step {
			add(at-step, 0, 0)
		}
		if at > last {
			add(at, s.Messages, s.Octets)
			last = at
		}
	}
	if now.Unix()-last > step {
		add(last+step, 0, 0)
		add(now.Unix()+1, 0, 0)
	}
	for i := len(c.Left) - 1; i >= 0; i-- {
		before := left + c.Left[i] // what a step has carried was still to do when it began
		if c.Left[i] = before; i == len(c.Left)-1 {
			c.Left[i] = left // the last one stands for now
		}
		left = before
	}
	for _, e := range t.Events {
		c.Events = append(c.Events, e.At.Unix())
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "" // numbers can always be written
	}
	return string(text)
}
