// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLogger_nilDiscards(t *testing.T) {
	t.Parallel()
	if log := Logger(nil); log.Enabled(t.Context(), slog.LevelError) {
		t.Error("a logger of nobody is on")
	}
	if log := slog.New(slog.NewTextHandler(nil, nil)); Logger(log) != log {
		t.Error("a logger is replaced")
	}
}

// Every log line has a constant message and attributes out of the list in log.go.
func TestLog_linesUseTheVocabulary(t *testing.T) {
	t.Parallel()
	lines := 0
	eachFile(t, func(file string, parsed *ast.File) {
		ast.Inspect(parsed, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch name := method.Sel.Name; {
			case isSlog(method) && slices.Contains([]string{"Info", "Debug", "Warn", "Error", "Log", "SetDefault", "Default"}, name):
				t.Errorf("%s: slog.%s is the logger of nobody; take the one that is handed in", file, name)
			case isLog(method.X) && slices.Contains([]string{"Info", "Debug", "Warn", "Error"}, name):
				lines++
				if !isConstant(call.Args[0]) {
					t.Errorf("%s: a log line has a constant message: what varies is an attribute", file)
				}
				checkAttributes(t, file, call.Args[1:])
			case isLog(method.X) && name == "With":
				checkAttributes(t, file, call.Args)
			}
			return true
		})
	})
	if lines < 20 {
		t.Errorf("found %d log lines only: the test does not look where they are", lines)
	}
}

func isSlog(f *ast.SelectorExpr) bool {
	pkg, ok := f.X.(*ast.Ident)
	return ok && pkg.Name == "slog"
}

// isLog reports whether an expression is, by its name, a logger.
func isLog(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "log" || x.Name == "l"
	case *ast.SelectorExpr:
		return x.Sel.Name == "log" || x.Sel.Name == "Logger"
	case *ast.CallExpr:
		f, ok := x.Fun.(*ast.SelectorExpr)
		return ok && (f.Sel.Name == "log" || f.Sel.Name == "of" || f.Sel.Name == "With")
	}
	return false
}

func isConstant(x ast.Expr) bool {
	literal, ok := x.(*ast.BasicLit)
	return ok && literal.Kind == token.STRING
}

// checkAttributes wants a name of the vocabulary at each even place. A list that is handed on was checked where it is made.
func checkAttributes(t *testing.T, file string, arguments []ast.Expr) {
	t.Helper()
	for i := 0; i < len(arguments); i += 2 {
		if name, ok := arguments[i].(*ast.SelectorExpr); ok && strings.HasPrefix(name.Sel.Name, "Log") {
			continue
		}
		if _, handedOn := arguments[i].(*ast.Ident); handedOn && len(arguments) == 1 {
			continue
		}
		t.Errorf("%s: an attribute of a log line is not one of those in log.go", file)
	}
}

// eachFile calls visit for every file of the product.
func eachFile(t *testing.T, visit func(file string, parsed *ast.File)) {
	t.Helper()
	err := filepath.WalkDir("internal", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err == nil {
			visit(file, parsed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
