# What people do with this repository. `make` alone prints the list.
# Everything the targets need beyond Swift is installed by scripts/setup, which asks before it uses sudo.

SWIFT ?= swift
# Images of the testbed that the tests want; the first use makes them, which takes a minute or two each.
TEST_IMAGES ?= tiny ffmpeg
# More for `swift test`, such as: make test TEST_FLAGS='--filter LayerFS'
TEST_FLAGS ?=
BENCH_ROUNDS ?= 3
# How long each target is fuzzed, and which: all when none is named.
FUZZ_SECONDS ?= 60
FUZZ_TARGET ?=

.PHONY: help build demo test fuzz bench fmt lint clean

help: ## print this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build scar-build and the supervisor, into .build/release
	@scripts/setup build
	$(SWIFT) build -c release --product scar-build
	$(SWIFT) build -c release --product bootstrap

demo: build ## turn an ffmpeg image into a function and run it under AWS's emulator
	@scripts/setup demo
	@scripts/demo

test: ## run all tests, against real peers and a real registry
	@scripts/setup test
	$(SWIFT) build --build-tests
	@SCAR_TESTBED_RIE=$$(scripts/setup --rie) scripts/testbed run $(TEST_IMAGES) -- $(SWIFT) test --skip-build $(TEST_FLAGS)

fuzz: ## feed every reader of foreign bytes what it does not expect; fails when one gives in
	@scripts/setup build
	@scripts/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGET)

bench: build ## measure scar-build against the tools that do the same work; writes docs/benchmarks.md
	@scripts/setup bench
	SCAR_BENCH=1 $(SWIFT) build -c release --product pull
	@scripts/bench --rounds $(BENCH_ROUNDS)

fmt: ## format the Swift sources
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## check the format of the Swift sources
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

clean: ## remove what was built here (the testbed's cache is elsewhere and stays)
	rm -rf .build .build-fuzz out
