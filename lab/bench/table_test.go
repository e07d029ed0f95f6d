// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"strings"
	"testing"
)

func TestRender_aRow(t *testing.T) {
	t.Parallel()
	runs := func(part float64, seconds ...float64) []Run {
		var all []Run
		for _, s := range seconds {
			all = append(all, Run{Seconds: s, Part: part, ClientCPU: 0.5, ServerCPU: [2]float64{1, 2}, PeakOctets: 3 << 20})
		}
		return all
	}
	result := Result{Work: "work", Destination: "sdbox", Line: "plain", Load: Load{Accounts: 1, Items: 100, Octets: 200e6}, Contenders: []Contender{
		{Name: rawRead + ", connections: 1", Runs: runs(1, 1)},
		{Name: rawWrite + ", connections: 1", Runs: runs(1, 5)},
		{Name: rawWrite + ", connections: 2", Runs: runs(1, 4)},
		{Name: "rehome", Runs: runs(1, 4, 5, 6)},
		{Name: peer, Runs: runs(1, 10)},
		{Name: "slow", Note: "scaled", Runs: runs(0.1, 2)},
		{Name: "broken", Failures: []string{"exit|1"}},
	}}
	var out strings.Builder
	if err := Render(&out, result); err != nil {
		t.Fatal(err)
	}
	want := `| work | sdbox | plain | raw read, connections: 1 | 1.00 | 100 | 200.0 | 4.00 |  | 10.0 | 0.50 | 1.00 + 2.00 | 3 |  |  |
|  |  |  | raw write, connections: 2 | 4.00 | 25 | 50.0 | 1.00 |  | 2.5 | 0.50 | 1.00 + 2.00 | 3 |  |  |
|  |  |  | rehome | 5.00 (4.00 to 6.00) | 20 | 40.0 | 0.80 |  | 2.0 | 0.50 | 1.00 + 2.00 | 3 |  |  |
|  |  |  | mbsync | 10.00 | 10 | 20.0 | 0.40 |  | 1.0 | 0.50 | 1.00 + 2.00 | 3 |  |  |
|  |  |  | slow (scaled) | 20.00 | 5 | 10.0 | 0.20 |  | 0.5 | 5.00 | 10.00 + 20.00 | 3 |  |  |
|  |  |  | broken | no figure: exit/1 |  |  |  |  |  |  |  |  |  |  |
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMedian_oddAndEven(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		seconds []float64
		want    float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		var runs []Run
		for _, s := range test.seconds {
			runs = append(runs, Run{Seconds: s})
		}
		if got := median(runs, func(r Run) float64 { return r.Seconds }); got != test.want {
			t.Errorf("median of %v: got %v, want %v", test.seconds, got, test.want)
		}
	}
}
