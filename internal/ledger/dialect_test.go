// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// onlySQLite matches what PostgreSQL does not understand, or understands otherwise. What a database needs of its own is
// in its own package.
var onlySQLite = regexp.MustCompile(`(?i)\bINSERT OR\b|\bREPLACE INTO\b|\bPRAGMA\b|\bchar\(|\browid\b|\bifnull\(|\bgroup_concat\(|` +
	`\bsqlite|\bGLOB\b|\bdatetime\(|\bunixepoch\(|\blast_insert_rowid\b|\btotal\(|\bAUTOINCREMENT\b|` +
	`= \w+ [-+] `) // which of the two rows does a bare name mean, the one that is there or "excluded"?

func TestSQL_isNobodysDialect(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	must(t, err)
	sentences := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, is := n.(*ast.SelectorExpr); is && call.Sel.Name == "LastInsertId" {
				t.Errorf("%s: PostgreSQL tells no LastInsertId: end the sentence with RETURNING", set.Position(n.Pos()))
			}
			literal, is := n.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING || !strings.HasPrefix(literal.Value, "`") {
				return true
			}
			sentences++
			if found := onlySQLite.FindString(literal.Value); found != "" {
				t.Errorf("%s: %q is SQLite's own: put it in package sqlite, or say it in the words of both", set.Position(n.Pos()), found)
			}
			return true
		})
	}
	if sentences < 60 {
		t.Errorf("found only %d sentences: the test does not look where they are", sentences)
	}
}
