# derail: `make` lists what can be made. Only Go is needed; what else a target could use is said where
# it is left out.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
TOOLS := bin/tools
PACKAGES ?= ./...
# How often each benchmark is run: benchstat gives the median.
COUNT ?= 6

# git refuses to speak of a clone that is another user's, and go build then fails: such a build goes
# without the revision.
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1; echo $$?),0)
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -buildvcs=false)
endif

# What `make check` runs, in this order: what fails soonest comes first.
CHECKS ?= lint house production test sometimes race cover hashes

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/derail
	$(GO) build -trimpath -o bin/derail ./cmd/derail

.PHONY: run
run: build ## run the embedded scenario suite
	bin/derail run

.PHONY: test
test: packages $(TOOLS)/gotestsum ## run every test; first installs what tests need, where it may
	$(TOOLS)/gotestsum --format pkgname -- -timeout 25m $(PACKAGES)

.PHONY: check
check: ## all that CI runs: lint, house rules, tests, race, production, coverage, hashes
	@for step in $(CHECKS); do \
		begun=$$SECONDS; \
		echo "== $$step"; \
		$(MAKE) $$step || { echo "== $$step failed"; exit 1; }; \
		echo "== $$step passed in $$((SECONDS - begun)) s"; \
	done; echo "== all of $(CHECKS) passed in $$SECONDS s"

.PHONY: bench
bench: $(TOOLS)/benchstat ## run the benchmarks COUNT times (6) and show the medians
	@mkdir -p bin
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) -timeout 60m $(PACKAGES) | tee bin/bench.txt
	@$(TOOLS)/benchstat bin/bench.txt

.PHONY: cover
cover: ## hold core and checker to their coverage; the profile is left in bin/cover.out
	@.ci/cover

.PHONY: golden
golden: ## write the golden files anew; commit only differences that you understand
	@for dir in $$(grep -rl --include='*_test.go' '^var update = flag.Bool("update"' . \
		| xargs -rn 1 dirname | sort -u); do \
		$(GO) test -count=1 $$dir -update; \
	done
	@git --no-pager diff --stat 2>/dev/null || true

.PHONY: hashes
hashes: packages ## hold the golden hashes on 1 and 2 processors, with -race, on 386, arm64 and s390x
	@.ci/hashes

.PHONY: lint
lint: $(TOOLS)/gofumpt $(TOOLS)/staticcheck $(TOOLS)/detlint ## gofumpt, go vet, staticcheck, detlint
	@unformatted=$$($(TOOLS)/gofumpt -l .); if [[ -n $$unformatted ]]; then \
		echo "not formatted (make fmt does it):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet $(PACKAGES)
	$(GO) vet -tags production ./core/...
	$(TOOLS)/staticcheck $(PACKAGES)
	$(GO) vet -vettool=$(TOOLS)/detlint $(PACKAGES)
	$(GO) vet -vettool=$(TOOLS)/detlint -tags production ./core/...

.PHONY: house
house: ## the rules of the house: import directions, names, lengths, comments
	$(GO) test ./cmd/detlint/...

.PHONY: production
production: ## prove that a production build links no failpoint
	@.ci/production

.PHONY: race
race: ## the race shard
	@.ci/race

.PHONY: sometimes
sometimes: ## run the suite until every fault kind, failpoint and mark was met
	@.ci/sometimes

.PHONY: fuzz
fuzz: ## fuzz what reads text from outside, EXECUTIONS (100000) of each reader
	@.ci/fuzz $(EXECUTIONS)

.PHONY: mutants
mutants: ## mutation testing of PACKAGE (all three); see .ci/mutants, it takes long
	@.ci/mutants $(PACKAGE)

.PHONY: fmt
fmt: $(TOOLS)/gofumpt ## format the source
	$(TOOLS)/gofumpt -w .

.PHONY: packages
packages: ## install the Debian packages that tests need, where it may (INSTALL=no: nothing)
	@.ci/packages

.PHONY: tools
tools: $(addprefix $(TOOLS)/,staticcheck gofumpt gotestsum benchstat detlint) ## build the tools

# The tools are pinned in a module of their own, so that derail's does not carry what they need.
$(TOOLS)/staticcheck: TOOL = honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/gofumpt: TOOL = mvdan.cc/gofumpt
$(TOOLS)/gotestsum: TOOL = gotest.tools/gotestsum
$(TOOLS)/benchstat: TOOL = golang.org/x/perf/cmd/benchstat

$(TOOLS)/staticcheck $(TOOLS)/gofumpt $(TOOLS)/gotestsum $(TOOLS)/benchstat: .ci/tools/go.mod .ci/tools/go.sum
	@mkdir -p $(TOOLS)
	@echo "building $(@F)"
	@$(GO) -C .ci/tools build -o $(CURDIR)/$@ $(TOOL)
	@touch $@

$(TOOLS)/detlint: $(wildcard cmd/detlint/*.go) go.mod go.sum
	@mkdir -p $(TOOLS)
	$(GO) build -o $@ ./cmd/detlint
	@touch $@

.PHONY: clean
clean: ## remove what was built
	rm -rf bin out
