# Everything here needs Go, git and make; nothing is installed outside bin/.
GO     ?= go
TOOLS  := bin/tools
MODULES := . $(wildcard internal/tools/*)
WORKFLOWS = $(wildcard .github/workflows/*.yml docs/examples/workflows/*.yml golden-paths/*/tests/*/expected/.github/workflows/*.yml)
# What is generated or expected lies in modules of its own, or is not ours to format.
GO_FILES = $(shell git ls-files --cached --others --exclude-standard '*.go' | grep -v /expected/ | grep -v /testdata/)

# The packages whose tests hold a text. The budget of internal/architecture is no golden file: raising it is a decision.
packages_with = $$(grep -rl --include='*_test.go' '$(1)' golden-paths internal policy test | grep -v architecture/ | xargs -n1 dirname | sort -u | sed 's|^|./|')

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench golden docs build tool-%

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## tell the whole story in a temporary folder, in seconds
	@$(GO) run ./cmd/platform demo

test: ## run all tests
	$(GO) test ./...

lint: tool-golangci-lint tool-actionlint ## check format, code, workflows, generated docs and modules
	@unformatted=$$(gofmt -l $(GO_FILES)); if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(TOOLS)/golangci-lint run ./...
	$(TOOLS)/actionlint -no-color -shellcheck= -pyflakes= $(WORKFLOWS)
	$(GO) run ./internal/docgen -check
	@for m in $(MODULES); do echo "$(GO) mod tidy -diff in $$m"; $(GO) -C $$m mod tidy -diff || exit 1; done

bench: ## measure against the usual tools, and write docs/benchmarks.md
	@$(GO) test -run='^$$' -bench=. -benchmem $(call packages_with,^func Benchmark)
	@$(GO) run ./test/bench -docs docs/benchmarks.md

golden: ## write what tests find as what they expect; read the difference before you commit it
	$(GO) test $(call packages_with,flag.Bool."update") -update
	UPDATE_SCRIPTS=1 $(GO) test ./test

docs: ## write the generated parts of docs/
	$(GO) run ./internal/docgen

build: ## build every binary of cmd/ into bin/
	$(GO) build -trimpath -buildvcs=false -ldflags='-s -w' -o bin/ ./cmd/...

# The tools have modules of their own: what they link stays out of the product's go.mod.
tool-%:
	@mkdir -p $(TOOLS)
	@$(GO) build -C internal/tools/$* -o $(CURDIR)/$(TOOLS)/$* tool
