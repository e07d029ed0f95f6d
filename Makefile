# Everything that a person or a machine does with this tree. "make test" is what has to pass.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

FUZZTIME ?= 20s
SOAK     ?= 200
RUNS     ?= $(if $(SEED),1,20000)

.PHONY: build
build: ## bin/rehome, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/rehome ./cmd/rehome

.PHONY: packages
packages: ## install the Debian packages that the tests need, if any is missing
	@scripts/packages

# SQLite here is C that a program has translated to Go: nobody mends a race in it, and to watch each of its memory accesses took half of
# the time of all tests. The driver above it is watched.
UNWATCHED := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

# What a test of cost measures is the work of one goroutine, and a replay is a run of the simulation that failed once: the race detector makes
# both several times as long. It watches the runs that are new.
UNWATCHED_TESTS := ^Test(Cost|Replay)_
UNWATCHED_IN     = $$(grep -rlE '^func Test(Cost|Replay)_' --include='*_test.go' . | xargs -n 1 dirname | sort -u)

# Nothing of rehome runs in the test programs of the lab but for these: the others start the binary and servers. To watch them for races saw
# tests only; "make test-lab RACE=-race" does.
IN_PROCESS = /lab/simulation|/lab/fleet
LAB        = $$($(GO) list ./lab/... | grep -E -v '$(IN_PROCESS)')
WATCHED    = $$($(GO) list ./... | grep -v /lab/) $$($(GO) list ./lab/... | grep -E '$(IN_PROCESS)')

TEST := $(GO) test -trimpath -vet=off -shuffle=on -skip '$(UNWATCHED_TESTS)' -timeout 25m

# Five packages at once: of those of the lab two, as each runs several servers at a time. What needs no C compiler is built while Debian's
# packages are installed.
.PHONY: test
test: ## vet, and every test; the race detector watches all that runs rehome's code in its own process
	$(MAKE) --no-print-directory -j 2 packages vet-lab
	CGO_ENABLED=0 scripts/in-memory $(GO) test -trimpath -vet=off -run '$(UNWATCHED_TESTS)' $(UNWATCHED_IN)
	$(MAKE) --no-print-directory -j 2 test-rehome test-lab

# Vet looks at what the tests are built of, so that this is built once, and "go test" does not vet it again. The longest packages begin, or
# all would wait for them at the end. A test program that is watched for races sleeps before it ends, for a second if it is not told otherwise.
.PHONY: test-rehome
test-rehome: export GORACE = atexit_sleep_ms=50
test-rehome: packages ## the tests of rehome's own packages, and the simulation
	$(GO) vet -trimpath -race $(UNWATCHED) $(WATCHED)
	scripts/in-memory $(TEST) -p 3 -race $(UNWATCHED) ./internal/mailcopy ./lab/simulation/... $(WATCHED)

.PHONY: vet-lab
vet-lab: export CGO_ENABLED = $(if $(RACE),1,0)
vet-lab: build
	$(GO) vet -trimpath $(RACE) $(LAB)

.PHONY: test-lab
test-lab: export CGO_ENABLED = $(if $(RACE),1,0)
test-lab: export REHOME_BINARY = $(CURDIR)/bin/rehome
test-lab: packages vet-lab ## the tests that drive the binary and real servers
	scripts/in-memory $(TEST) $(RACE) ./lab/imappair ./lab/scenario/... $(LAB)

.PHONY: demo
demo: build packages ## a whole move between two servers on this machine
	$(GO) run ./cmd/lab demo --rehome bin/rehome

.PHONY: lab
lab: build packages ## run an atmail 7 and an atmail 8 on loopback to try things on, until Ctrl-C
	$(GO) run ./cmd/lab up --rehome bin/rehome

WORKERS ?= 2

.PHONY: lab-workers
lab-workers: build packages ## the same, with a store on PostgreSQL and WORKERS workers that wait for "rehome sync --on workers"
	$(GO) run ./cmd/lab up --rehome bin/rehome --workers $(WORKERS)

.PHONY: bench
bench: build packages ## speed beside other tools and the servers' raw limit; BENCH="--rows small" for a part
	$(GO) run ./cmd/lab bench --rehome bin/rehome $(BENCH)

.PHONY: thunderbird
thunderbird: build packages ## what a real Thunderbird (package thunderbird) finds, beside what "rehome clients check" says that it finds
	$(GO) run ./cmd/lab thunderbird --rehome bin/rehome

.PHONY: soak
soak: packages ## kill the copy SOAK times, and cut SOAK connections, at every kind of store, also where it stalls; SOAK/2 faults of workers
	REHOME_SOAK=$(SOAK) $(GO) test -run '^TestSoak' -count=1 -timeout 3h -parallel 24 -v ./lab/imappair
	REHOME_SOAK=$(SOAK) $(GO) test -run '^TestCutover_realServers$$/killed_at_random' -count=1 -timeout 3h -v ./lab/scenario
	REHOME_SOAK=$(SOAK) $(GO) test -run '^TestJourney_workers$$' -count=1 -timeout 3h -v ./lab/scenario

.PHONY: simulate
simulate: ## RUNS simulated moves of a kind on models of servers; KIND=mail or objects, SEED=n for one that failed
	REHOME_SIMULATE=$(RUNS) REHOME_SEED=$(SEED) $(GO) test -run '^TestSimulate' -count=1 -timeout 3h -v ./lab/simulation/$(or $(KIND),...)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	scripts/fuzz $(FUZZTIME)

.PHONY: pages
pages: ## people's pages in every language into bin/pages, and pictures of them if chromium is installed
	scripts/pages bin/pages

.PHONY: screenshots
screenshots: packages ## pictures of the screen into docs/screen, as a whole move in a browser shows it
	REHOME_PICTURES=$(CURDIR)/docs/screen $(GO) test -count=1 -run '^TestCutover_realServers$$/in_a_browser' ./lab/scenario

ACCOUNTS ?= 300000

.PHONY: screen-cost
screen-cost: packages ## what each page of the screen costs with ACCOUNTS accounts on SQLite and PostgreSQL, and 50 browsers that watch
	REHOME_ACCOUNTS=$(ACCOUNTS) $(GO) test -count=1 -timeout 1h -run '^TestCost_ofTheScreen$$' -v ./lab/screencost

.PHONY: fleet
fleet: packages ## what the control of ACCOUNTS accounts on workers costs, between simulated ends: hours; FLEET="--looks 1000" for a part
	$(GO) run ./cmd/lab fleet --accounts $(ACCOUNTS) $(FLEET)

.PHONY: lint
lint: ## gofmt, vet, and golangci-lint in the version that tools/go.mod names
	GO=$(GO) scripts/lint

PREFIX ?= /usr/local

.PHONY: install
install: build ## bin/rehome, its manual pages and shell completions below PREFIX; DESTDIR goes before it
	install -D -m 0755 bin/rehome $(DESTDIR)$(PREFIX)/bin/rehome
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	bin/rehome man $(DESTDIR)$(PREFIX)/share/man/man1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	bin/rehome completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/rehome
	bin/rehome completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_rehome
	bin/rehome completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/rehome.fish

.PHONY: release
release: ## everything that is given away of this commit into bin/release: packages, archives, contents, checksums; ARCHES=amd64 for one
	rm -rf bin/release
	GO=$(GO) scripts/release bin/release $(ARCHES)

.PHONY: package-test
package-test: ## as root: two builds are the same; Debian's package and its service on a fresh Debian 12; Red Hat's taken apart
	GO=$(GO) scripts/package-test

CONTAINER ?= podman

.PHONY: container
container: ## the image rehome from bin/release, by podman, or CONTAINER=docker or buildah
	$(CONTAINER) build -t rehome -f packaging/Containerfile \
	  --build-arg DEB=$$(cd bin/release && ls -t *_$$($(GO) env GOHOSTARCH).deb | head -n 1) bin/release

.PHONY: man
man: build ## manual pages into bin/man
	bin/rehome man bin/man

.PHONY: clean
clean: ## what the other targets have made
	rm -rf bin demo .lab

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
