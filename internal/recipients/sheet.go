// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"rehome"
	"rehome/internal/vault"
)

var sheetHeader = []string{"Address", "State", "By", "Messages", "Last", "Decision", "NextStep"}

// writeSheet puts a census where a person writes decisions.
func writeSheet(file string, all []Recipient) error {
	rows := [][]string{sheetHeader}
	for _, r := range all {
		last := ""
		if !r.Last.IsZero() {
			last = r.Last.Format(time.DateOnly)
		}
		rows = append(rows, []string{r.Address, string(r.State), string(r.By), strconv.Itoa(r.Messages), last, string(r.Decision), r.NextStep})
	}
	var content bytes.Buffer
	_ = csv.NewWriter(&content).WriteAll(rows) // a bytes.Buffer takes everything
	return vault.WriteFile(file, content.Bytes())
}

// ReadSheet reads what the last census has written and a person has filled in; nothing if there was none.
func ReadSheet(file string) ([]Recipient, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var all []Recipient
	if err == nil {
		all, err = parseSheet(content)
	}
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: file, Cause: err,
			Hint: "correct it, or remove it and take the census again"}
	}
	return all, nil
}

func parseSheet(content []byte) ([]Recipient, error) {
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], sheetHeader) {
		return nil, errors.New("its first line is not " + strings.Join(sheetHeader, ","))
	}
	var all []Recipient
	for i, row := range rows[1:] {
		address, err := rehome.ParseAddress(row[0])
		if err != nil {
			return nil, errors.New("the address in line " + strconv.Itoa(i+2) + " " + err.Error())
		}
		decision := Decision(strings.ToLower(strings.TrimSpace(row[5])))
		if decision != "" && decision != Keep && decision != Drop {
			return nil, errors.New("the decision in line " + strconv.Itoa(i+2) + " is neither keep nor drop")
		}
		all = append(all, Recipient{Address: address, State: State(row[1]), Decision: decision})
	}
	return all, nil
}
