// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// quoted is a name as MySQL takes it whatever is in it.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// expression selects a field of a table. A field that the table lacks is NULL.
//
// UTF-8 and latin1 columns come as stored, because what a column claims and what the webmail wrote
// into it are often two things; see decode. Other character sets were chosen by somebody who knew.
func (t *table) expression(field string) string {
	c, ok := t.columns[field]
	if !ok {
		return "NULL"
	}
	switch c.charset {
	case "", "binary", "ascii", "latin1", "utf8", "utf8mb3", "utf8mb4":
		return quoted(c.name)
	}
	return "CONVERT(" + quoted(c.name) + " USING utf8)"
}

// selection is what to read of the tables of a role.
type selection struct {
	role   role
	fields []string
	texts  []string // of the fields, those that people wrote
	// where narrows the rows of one table; nil takes all. It returns the text behind FROM, and false
	// if the table can hold nothing of interest.
	where func(*table) (string, bool)
	args  []any // of the question marks in it
}

// read runs the selection over every table of its role, one statement a table, and calls row for
// each row, with the values in the order of the fields.
func (s *schema) read(ctx context.Context, r *reading, sel selection, row func(values []sql.RawBytes) error) error {
	return s.readTexts(ctx, r, sel, func(values []sql.RawBytes, _ []recoding) error { return row(values) })
}

// readTexts is read that also tells how each value became text.
func (s *schema) readTexts(ctx context.Context, r *reading, sel selection, row func(values []sql.RawBytes, how []recoding) error) error {
	var texts []int
	for i, f := range sel.fields {
		if slices.Contains(sel.texts, f) {
			texts = append(texts, i)
		}
	}
	unsaid := make([]recoding, len(sel.fields))
	for _, t := range s.tables[sel.role] {
		tail := ""
		if sel.where != nil {
			var of bool
			if tail, of = sel.where(t); !of {
				continue
			}
		}
		var expressions []string
		for _, f := range sel.fields {
			expressions = append(expressions, t.expression(f))
		}
		query := "SELECT " + strings.Join(expressions, ", ") + " FROM " + quoted(t.name) + tail
		var err error
		if len(texts) > 0 {
			err = r.eachText(ctx, "table "+t.name, query, texts, row, sel.args...)
		} else {
			err = r.each(ctx, "table "+t.name, query, func(v []sql.RawBytes) error { return row(v, unsaid) }, sel.args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// having leaves out tables that lack one of the fields.
func having(fields ...string) func(*table) (string, bool) {
	return func(t *table) (string, bool) {
		for _, f := range fields {
			if !t.has(f) {
				return "", false
			}
		}
		return "", true
	}
}
