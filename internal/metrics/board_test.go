// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	page   = "../../docs/metrics.md"
	board  = "../../packaging/monitoring/grafana.json"
	alerts = "../../packaging/monitoring/alerts.yaml"
)

// docs/metrics.md lists what is declared. UPDATE=1 writes the list there.
func TestMetrics_areDocumented(t *testing.T) {
	t.Parallel()
	const begin, end = "| metric | labels | what it is |\n|---|---|---|\n", "\n\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no table that begins with %q", page, begin)
	}
	var table strings.Builder
	for _, d := range All() {
		labels := make([]string, len(d.Labels))
		for i, label := range d.Labels {
			labels[i] = "`" + label + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", d.Name, strings.Join(labels, ", "), d.Help)
	}
	want := head + begin + strings.TrimSuffix(table.String(), "\n") + end + tail
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s does not list what is declared: run UPDATE=1 go test -run %s ./internal/metrics", page, t.Name())
	}
}

func TestMetrics_form(t *testing.T) {
	t.Parallel()
	bounded := []string{"work", "result", "by", "operation", "version", "state", "verdict", "severity", "at",
		"kind", "reason", "side", "host", "service", "spent"}
	if !slices.IsSortedFunc(All(), func(a, b Declared) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("they are not in alphabetical order")
	}
	for _, d := range All() {
		if !regexp.MustCompile(`^rehome(_[a-z]+)+$`).MatchString(d.Name) || strings.HasSuffix(d.Help, ".") || d.Help == "" {
			t.Errorf("%s: %s", d.Name, d.Help)
		}
		for _, label := range d.Labels {
			if !slices.Contains(bounded, label) {
				t.Errorf("%s: is the label %s bounded, whatever a move is like?", d.Name, label)
			}
		}
	}
}

// expression is a question to Prometheus, and what shows its answer.
type expression struct{ where, text, shown string }

// What the board and the alerts ask for exists, with the labels that they name.
func TestBoard_asksForWhatIsThere(t *testing.T) {
	t.Parallel()
	_, told := get(handler(&fakeMove{}, true), "localhost", "/metrics")
	known := map[string][]string{"up": {"instance", "job"}}
	for _, d := range All() {
		known[d.Name] = append(d.Labels, "instance", "job")
	}
	for _, help := range regexp.MustCompile(`(?m)^# TYPE ((?:go|process)_\w+) `).FindAllStringSubmatch(told, -1) {
		known[help[1]] = []string{"instance", "job"}
	}
	all := append(ofBoard(t), ofAlerts(t)...)
	if len(all) < 25 {
		t.Fatalf("found %d expressions: the test does not look where they are", len(all))
	}
	used := map[string]bool{}
	for _, e := range all {
		for _, name := range e.check(t, known) {
			used[name] = true
		}
	}
	if len(used) < 15 {
		t.Errorf("only these are used: %v", used)
	}
}

var (
	names   = regexp.MustCompile(`\b(?:up|(?:rehome|go|process)_\w+)\b`)
	labels  = regexp.MustCompile(`(?:by|ignoring|on|without) \(([\w, ]*)\)|(\w+) ?(?:=~?|!=|!~)"`)
	markers = regexp.MustCompile(`\{\{ ?(?:\$labels\.)?(\w+) ?\}\}`)
)

// check returns the metrics that an expression asks for.
func (e expression) check(t *testing.T, known map[string][]string) (asked []string) {
	t.Helper()
	var may []string
	for _, name := range names.FindAllString(e.text, -1) {
		if known[name] == nil {
			t.Errorf("%s asks for %s, which is not there", e.where, name)
		}
		asked, may = append(asked, name), append(may, known[name]...)
	}
	var wanted []string
	for _, match := range labels.FindAllStringSubmatch(e.text, -1) {
		wanted = append(wanted, strings.FieldsFunc(match[1]+" "+match[2], func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	for _, match := range markers.FindAllStringSubmatch(e.shown, -1) {
		wanted = append(wanted, match[1])
	}
	for _, label := range wanted {
		if !slices.Contains(may, label) {
			t.Errorf("%s: %s has no label %s", e.where, e.text, label)
		}
	}
	if len(asked) == 0 || strings.Count(e.text, "(") != strings.Count(e.text, ")") || strings.Count(e.text, `"`)%2 != 0 {
		t.Errorf("%s: %s", e.where, e.text)
	}
	return asked
}

func ofBoard(t *testing.T) (all []expression) {
	t.Helper()
	text, err := os.ReadFile(board)
	if err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	for _, panel := range shown.Panels {
		for _, target := range panel.Targets {
			all = append(all, expression{panel.Title, target.Expr, target.LegendFormat})
		}
	}
	return all
}

// The form of a file of rules: prometheus.io/docs/prometheus/latest/configuration/alerting_rules.
func ofAlerts(t *testing.T) (all []expression) {
	t.Helper()
	text, err := os.ReadFile(alerts)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Labels           struct{ Severity string }
				Annotations      struct{ Summary, Description string }
			}
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if _, err := time.ParseDuration(rule.For); rule.For != "" && err != nil {
				t.Errorf("%s: %v", rule.Alert, err)
			}
			if !slices.Contains([]string{"warning", "critical"}, rule.Labels.Severity) || rule.Annotations.Summary == "" ||
				rule.Annotations.Description == "" {
				t.Errorf("%s: %+v", rule.Alert, rule)
			}
			all = append(all, expression{rule.Alert, rule.Expr, rule.Annotations.Summary + rule.Annotations.Description})
		}
	}
	return all
}
