# Everything a contributor does goes through these targets; CI runs the same.

.DEFAULT_GOAL := help
.PHONY: help demo build test lint parity bench bench-full bench-guard clean libtorch

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## explain the sample photos with a real network
	@scripts/demo

build: libtorch ## build bin/torchlight
	@go build -o bin/torchlight ./cmd/torchlight

test: libtorch ## run every test: plain, without cgo, -race, -asan, as a dependency
	@scripts/test

lint: libtorch ## check formatting, style and the rules of the C boundary
	@scripts/lint

parity: build ## compare with the Python reference and print the differences
	@scripts/parity

bench: build ## measure against the forward pass and the Python peers
	@scripts/bench

bench-full: build ## measure everything, and write docs/performance.md
	@scripts/bench full

bench-guard: libtorch ## hold explanations to generous multiples of the forward pass
	@scripts/bench guard

clean: ## remove what was built (not the downloaded libtorch)
	@rm -rf bin build

# Finds libtorch, or downloads it once; silent when there is nothing to do.
libtorch:
	@scripts/libtorch
