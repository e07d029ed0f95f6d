// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// contentPolicy lets a page load only what this server has embedded, and be shown in no other page. Nothing in it is a script or a style
// of its own (CSP Level 3, section 6).
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// maxForm bounds what a form may send.
const maxForm = 64 << 10

// guard is what every request passes first.
//
//   - It names this server: another site that lets its name point here (DNS rebinding) gets no page.
//   - One that changes something comes from a page of ours: the browser says so (Fetch Metadata; net/http.CrossOriginProtection).
//   - It is short.
func guard(next http.Handler, options Options) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	inner := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=()", "Cache-Control": "no-store",
		} {
			w.Header().Set(name, value)
		}
		if options.Secure {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !isOurs(r.Host, options.Hosts) {
			http.Error(w, "This server does not go by that name.", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		inner.ServeHTTP(w, r)
	})
}

// isOurs reports whether a Host header names this server.
func isOurs(host string, ours []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.Contains(ours, strings.ToLower(strings.Trim(host, "[]")))
}
