// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/ledger"
)

//go:embed pages/*.tmpl
var pages embed.FS

//go:embed static
var static embed.FS

// views are the pages, each with the frame around it.
func views() map[string]*template.Template {
	all := map[string]*template.Template{}
	shared := template.Must(template.New("").Funcs(words()).ParseFS(pages, "pages/frame.tmpl", "pages/parts.tmpl"))
	for _, name := range []string{
		"move", "work", "workers", "waves", "accounts", "account", "findings", "differences", "cutover", "audit", "ends", "speed", "sign-in",
		"arrived", "refused",
	} {
		all[name] = template.Must(template.Must(shared.Clone()).ParseFS(pages, "pages/"+name+".tmpl"))
	}
	return all
}

// parsed are the views, made when a page is first shown: most commands show none, and parsing them is most of what a start would do.
var parsed = sync.OnceValue(views)

// words are what templates say figures with.
func words() template.FuncMap {
	return template.FuncMap{
		"number": number,
		"size":   size,
		"share":  share,
		"moment": func(t time.Time) string {
			if t.IsZero() {
				return "never"
			}
			return t.Local().Format("2 Jan 2006 15:04")
		},
		"plural":   plural,
		"plural64": func(n int, noun string) string { return plural(int64(n), noun) },
		"sized": func(octets int64) string {
			if octets < 0 {
				return "unknown"
			}
			return size(octets)
		},
		"standing": func(state ledger.AccountState) string {
			if word := map[ledger.AccountState]string{ledger.AccountPreStaging: "under way", ledger.AccountPreStaged: "copied"}[state]; word != "" {
				return word
			}
			return string(state)
		},
		"spoken": func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	}
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// number groups digits, as the terminal does.
func number(n int64) string { return humanize.Comma(n) }

// size is a number of octets, as at the terminal.
func size(octets int64) string { return humanize.Bytes(uint64(max(0, octets))) }

// share is how much of something is done, in per cent. It is 100 only when all is, and 0 only when nothing is.
func share(done, of int64) string {
	if of <= 0 || done <= 0 {
		return "0 %"
	}
	if done >= of {
		return "100 %"
	}
	tenths := min(max(int64(float64(done)/float64(of)*1000), 1), 999)
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + " %"
}

// write shows a page. It is made in memory first, so that nobody gets half of one.
func write(w http.ResponseWriter, r *http.Request, log *slog.Logger, status int, name string, page any) {
	var body bytes.Buffer
	if err := parsed()[name].ExecuteTemplate(&body, "frame", page); err != nil {
		log.Error("a page of the screen cannot be made", rehome.LogObject, name, rehome.LogError, err.Error())
		http.Error(w, "This page cannot be shown. The log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // whoever has gone does not need it
	}
}

// serveStatic gives the embedded scripts and styles, whose names change with them.
func serveStatic(w http.ResponseWriter, r *http.Request, _ visitor) {
	name := path.Base(r.URL.Path)
	content, err := static.ReadFile("static/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	media := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(content)
}
