// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// table is what a package declares of findings, as its source says it.
type table struct {
	files  []*ast.File
	kinds  map[string]ast.Expr // every variable that is a Declared
	consts map[string]ast.Expr
	listed map[string]bool // what its function Findings names
}

// TestFindings_areDeclared reads the source, as what is forbidden has no other trace: a finding that is put together where
// it is raised, and a code that is compared as a string.
func TestFindings_areDeclared(t *testing.T) {
	t.Parallel()
	tables := readTables(t)
	codes := map[string]string{}
	for dir, p := range tables {
		for name, kind := range p.kinds {
			if !p.listed[name] {
				t.Errorf("%s: %s is missing from Findings, so the reference would lack it", dir, name)
			}
			code := p.text(field(kind, "Code"))
			if first := codes[code]; code != "" && first != "" && !slices.Contains(saidTwice, code) {
				t.Errorf("%s: %s has the code of %s: say it in other words with Saying", dir, name, first)
			}
			codes[code] = dir + " " + name
		}
	}
	if len(codes) < 100 {
		t.Fatalf("only %d codes were found: the test does not look where they are", len(codes))
	}
	for dir, p := range tables {
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool { return checkUse(t, dir, p, codes, n) })
		}
	}
}

// saidTwice are the codes that two packages declare, because they say the same of two things: the copy and the proof of
// it; mail, and contacts and calendars.
var saidTwice = []string{"date_not_kept", "deleted_at_destination"}

// checkUse looks at one place of the source; false ends the way down.
func checkUse(t *testing.T, dir string, p *table, codes map[string]string, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if named(n.Type, "Declared") {
			return false // the one place where a code stands
		}
		if named(n.Type, "Finding") && len(n.Elts) > 0 {
			t.Errorf("%s: a Finding is put together by hand: declare it, and make it with On", dir)
		}
		if list, is := n.Type.(*ast.ArrayType); is && named(list.Elt, "Finding") && slices.ContainsFunc(n.Elts, isLiteral) {
			t.Errorf("%s: a Finding is put together by hand: declare it, and make it with On", dir)
		}
	case *ast.BasicLit:
		code, err := strconv.Unquote(n.Value)
		if kind := codes[code]; err == nil && n.Kind == token.STRING && strings.Contains(code, "_") && kind != "" {
			t.Errorf("%s: %q is the code of %s: compare with the declaration", dir, code, kind)
		}
	case *ast.CallExpr:
		checkValues(t, dir, p, n)
	}
	return true
}

// checkValues compares the values of a call with the places of the declaration that it names.
func checkValues(t *testing.T, dir string, p *table, call *ast.CallExpr) {
	kind := declaredIn(p, call)
	if kind == "" || len(call.Args) == 0 {
		return
	}
	last := call.Args[len(call.Args)-1]
	values, given := last.(*ast.CompositeLit)
	if none, is := last.(*ast.Ident); !given && (!is || none.Name != "nil") || given && !named(values.Type, "Values") {
		return // handed on, or no call that makes a finding
	}
	var keys []string
	if given {
		for _, e := range values.Elts {
			keys = append(keys, p.text(e.(*ast.KeyValueExpr).Key))
		}
	}
	want := append(Text(p.text(field(p.kinds[kind], "Sentence"))).Places(), Text(p.text(field(p.kinds[kind], "NextStep"))).Places()...)
	slices.Sort(want)
	slices.Sort(keys)
	if want = slices.Compact(want); !slices.Equal(keys, want) {
		t.Errorf("%s: %s has the places %q and is given %q", dir, kind, want, keys)
	}
}

// declaredIn names the declaration whose method is called, or which is an argument.
func declaredIn(p *table, call *ast.CallExpr) string {
	candidates := slices.Clone(call.Args)
	if method, is := call.Fun.(*ast.SelectorExpr); is && method.Sel.Name == "On" {
		candidates = append(candidates, method.X)
		if family, is := method.X.(*ast.CallExpr); is {
			if of, is := family.Fun.(*ast.SelectorExpr); is && of.Sel.Name == "For" {
				candidates = append(candidates, of.X)
			}
		}
	}
	for _, c := range candidates {
		if name, is := c.(*ast.Ident); is && p.kinds[name.Name] != nil {
			return name.Name
		}
	}
	return ""
}

// field returns what a declaration says of one field: its own, or that of the one that it is made of.
func field(kind ast.Expr, name string) ast.Expr {
	switch kind := kind.(type) {
	case *ast.CompositeLit:
		for _, e := range kind.Elts {
			if pair := e.(*ast.KeyValueExpr); pair.Key.(*ast.Ident).Name == name {
				return pair.Value
			}
		}
	case *ast.CallExpr:
		method := kind.Fun.(*ast.SelectorExpr)
		if i := slices.Index([]string{"Sentence", "NextStep"}, name); method.Sel.Name == "Saying" && i >= 0 {
			return kind.Args[i]
		}
		if name != "Code" { // a variant has no code of its own
			return &ast.SelectorExpr{X: method.X, Sel: ast.NewIdent(name)}
		}
	}
	return nil
}

// text evaluates what strings are made of in a table; "" for what is known at run time only.
func (p *table) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		return p.text(e.X) + p.text(e.Y)
	case *ast.Ident:
		return p.text(p.consts[e.Name])
	case *ast.SelectorExpr:
		switch x := e.X.(type) {
		case *ast.Ident:
			return p.text(field(p.kinds[x.Name], e.Sel.Name))
		default:
			return p.text(field(x, e.Sel.Name))
		}
	}
	return ""
}

// readTables parses the product, without tests, contracts and the lab.
func readTables(t *testing.T) map[string]*table {
	t.Helper()
	tables := map[string]*table{}
	err := filepath.WalkDir("internal", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		if isLab("rehome/" + dir) {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if tables[dir] == nil {
			tables[dir] = &table{kinds: map[string]ast.Expr{}, consts: map[string]ast.Expr{}, listed: map[string]bool{}}
		}
		tables[dir].add(parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func (p *table) add(file *ast.File) {
	p.files = append(p.files, file)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "Findings" && d.Recv == nil {
				ast.Inspect(d.Body, func(n ast.Node) bool {
					if name, is := n.(*ast.Ident); is {
						p.listed[name.Name] = true
					}
					return true
				})
			}
		case *ast.GenDecl:
			p.addValues(d)
		}
	}
}

func (p *table) addValues(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, is := spec.(*ast.ValueSpec)
		if !is {
			continue
		}
		for i, value := range v.Values {
			switch {
			case d.Tok == token.CONST:
				p.consts[v.Names[i].Name] = value
			case isDeclared(value):
				p.kinds[v.Names[i].Name] = value
			}
		}
	}
}

// isDeclared says that a value is a Declared, or made of one by Saying or As.
func isDeclared(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit:
		return named(e.Type, "Declared")
	case *ast.CallExpr:
		method, is := e.Fun.(*ast.SelectorExpr)
		return is && (method.Sel.Name == "Saying" || method.Sel.Name == "As")
	}
	return false
}

func isLiteral(e ast.Expr) bool {
	_, is := e.(*ast.CompositeLit)
	return is
}

// named says that a type is that of package rehome.
func named(e ast.Expr, name string) bool {
	of, is := e.(*ast.SelectorExpr)
	if !is {
		return false
	}
	from, is := of.X.(*ast.Ident)
	return is && from.Name == "rehome" && of.Sel.Name == name
}
