# What people do with this repository. `make` alone prints the list.
# Everything the targets need beyond Swift is installed by scripts/setup, which asks before it uses sudo.

SWIFT ?= swift
# Images of the testbed that the tests want; the first use makes them, which takes a minute or two each.
TEST_IMAGES ?= tiny ffmpeg ruby
# With what the images other than tiny are compressed, to be held against umoci: zstd gzip xz lz4 none are all.
TEST_COMPRESSORS ?= zstd
# In which forms each recipe's publishing is killed at every step: zip layer image runtime are all, and take ten minutes;
# when empty each recipe has one of them.
TEST_FORMS ?=
# More for `swift test`, such as: make test TEST_FLAGS='--filter LayerFS'
TEST_FLAGS ?=
BENCH_ROUNDS ?= 3
# How long each target is fuzzed, and which: all when none is named.
FUZZ_SECONDS ?= 60
FUZZ_TARGET ?=

# The path library, one for each architecture, and the compiler of each.
PATH_LIBRARY = .build/path-library/libscar-path
PATH_LIBRARY_SOURCES = $(sort $(wildcard Sources/PathLibrary/*.c))
PATH_LIBRARY_PARTS = $(PATH_LIBRARY_SOURCES) $(wildcard Sources/PathLibrary/*.h Sources/PathLibrary/*.def) Makefile
# Freestanding: what the compiler itself calls (memcpy …) is in bytes.c, which must not be turned into calls of itself.
# Bound symbolically: what the library calls of its own is its own, whatever the program defines.
PATH_LIBRARY_FLAGS = -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fPIC -fvisibility=hidden \
	-fno-tree-loop-distribute-patterns -fstack-clash-protection -fasynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)=. \
	-nostdlib -shared -Wl,-Bsymbolic,-z,relro,-z,now,-z,noexecstack,-z,text,-z,defs,--hash-style=both,--build-id=none,-s
X86_64_GCC ?= $(if $(filter x86_64,$(shell uname -m)),gcc,x86_64-linux-gnu-gcc)
AARCH64_GCC ?= $(if $(filter aarch64,$(shell uname -m)),gcc,aarch64-linux-gnu-gcc)

# The supervisor for the other processor that functions run on, beside the one that SwiftPM builds for this one.
SUPERVISOR = .build/supervisor/bootstrap
SUPERVISOR_PARTS = $(shell find -L Sources/bootstrap Sources/CSupervisor Sources/CCompress -type f) \
	Package.swift scripts/cross-supervisor

# How the executables are linked: Swift's libraries are in them, so that no toolchain is needed to run them, and those
# that compress, so that they write the same bytes everywhere. docs/decisions/0036-what-is-linked-statically.md
STATIC_LIBRARIES = .build/static-libraries
STATIC_BUILD = PKG_CONFIG_PATH=$(abspath $(STATIC_LIBRARIES))/pkgconfig $(SWIFT) build -c release --static-swift-stdlib

# Where `make install` puts things: DESTDIR is put before, and PREFIX is where they will be.
PREFIX ?= /usr/local
DESTDIR ?=
ZSH_FUNCTIONS ?= $(PREFIX)/share/zsh/site-functions
INSTALLED = $(DESTDIR)$(PREFIX)

.PHONY: help build path-library supervisors install deb release package-test demo recipes test coverage fuzz bench fmt lint clean

help: ## print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

build: ## build scar-build and the supervisor, into .build/release
	@scripts/setup build
	@$(MAKE) --no-print-directory path-library
	@scripts/static-libraries $(STATIC_LIBRARIES)
	$(STATIC_BUILD) --product scar-build
	$(SWIFT) build -c release --product bootstrap
	@$(MAKE) --no-print-directory supervisors

# An arm64 machine builds its own with SwiftPM, and cannot build x86_64's: Swift has no Embedded library for that there.
supervisors: $(if $(filter x86_64,$(shell uname -m)),$(SUPERVISOR)-aarch64) ## build the supervisor for arm64 functions

# Where arm64's libraries cannot be had there is none; whoever needs it says so then.
$(SUPERVISOR)-aarch64: $(SUPERVISOR_PARTS)
	@echo 'scripts/cross-supervisor $@'; scripts/cross-supervisor $@ || { status=$$?; [ $$status = 3 ] || exit $$status; \
	rm -f $@; echo 'supervisors: no $(@F), so no packages for arm64 are built here' >&2; }

path-library: $(PATH_LIBRARY)-x86_64.so $(PATH_LIBRARY)-aarch64.so ## build what lets programs run below a prefix

# Where a compiler is missing its file is left out; whoever needs that one says so then.
$(PATH_LIBRARY)-x86_64.so: $(PATH_LIBRARY_PARTS)
	@$(call compile_path_library,$(X86_64_GCC),-fcf-protection)

$(PATH_LIBRARY)-aarch64.so: $(PATH_LIBRARY_PARTS)
	@$(call compile_path_library,$(AARCH64_GCC),-mbranch-protection=standard -mno-outline-atomics)

define compile_path_library
	mkdir -p $(@D); \
	if command -v $(1) >/dev/null; then \
	    echo '$(1) -o $@'; $(1) $(PATH_LIBRARY_FLAGS) $(2) -o $@.new $(PATH_LIBRARY_SOURCES) && mv -f $@.new $@; \
	else rm -f $@; echo 'path-library: there is no $(1), so no $(@F); scripts/setup build installs it' >&2; fi
endef

# Builds nothing, so that root need not: `make build` comes first.
install: ## install what was built, into PREFIX (/usr/local) below DESTDIR
	@test -x .build/release/scar-build -a -x .build/release/bootstrap || { echo 'install: run ‘make build’ first' >&2; exit 1; }
	install -d $(INSTALLED)/bin $(INSTALLED)/libexec/scar-build $(INSTALLED)/share/doc/scar-build
	install -s -m 755 .build/release/scar-build $(INSTALLED)/bin/scar-build
	install -m 755 .build/release/bootstrap $(wildcard $(SUPERVISOR)-*) $(INSTALLED)/libexec/scar-build
	install -m 644 $(wildcard $(PATH_LIBRARY)-*.so) $(INSTALLED)/libexec/scar-build
	scripts/man-pages .build/release/scar-build $(INSTALLED)/share/man/man1
	@$(call complete,bash,$(INSTALLED)/share/bash-completion/completions,scar-build)
	@$(call complete,zsh,$(DESTDIR)$(ZSH_FUNCTIONS),_scar-build)
	@$(call complete,fish,$(INSTALLED)/share/fish/vendor_completions.d,scar-build.fish)
	cp -R recipes docs README.md CHANGELOG.md LICENSE $(INSTALLED)/share/doc/scar-build
	chmod -R u=rwX,go=rX $(INSTALLED)/share/doc/scar-build

define complete
	echo 'completions for $(1): $(2)/$(3)'; \
	install -d $(2) && .build/release/scar-build --generate-completion-script $(1) >$(2)/$(3)
endef

deb: build ## make a Debian package, in .build/package
	@scripts/package deb

release: build ## make a tarball with all that scar-build needs, in .build/package
	@scripts/package tarball

package-test: deb release ## install package and tarball in a fresh Debian, and build with them there
	@scripts/setup test
	@scripts/package-test

demo: build ## turn an ffmpeg image into a function and run it under AWS's emulator
	@scripts/setup demo
	@scripts/demo

# Which recipes, as in: make recipes RECIPES='ruby java'; all when none is named.
RECIPES ?=

recipes: build ## run the recipes' tests in every form of package, and print a table; making all images takes half an hour
	@scripts/setup test
	@scripts/recipes $(RECIPES)

# With a registry of its own. In the place of make's shell, so that a signal to make reaches it.
RUN_TESTS = exec env SCAR_TESTBED_RIE="$$(scripts/setup --rie)" PYTHONPATH="$$(scripts/setup --python-path)" \
	SCAR_TEST_IMAGES='$(TEST_IMAGES)' SCAR_TEST_COMPRESSORS='$(TEST_COMPRESSORS)' SCAR_TEST_FORMS='$(TEST_FORMS)' \
	scripts/testbed run $(TEST_IMAGES) -- $(SWIFT) test --skip-build

test: ## run all tests, against real peers and a real registry
	@scripts/setup test
	@$(MAKE) --no-print-directory path-library supervisors
	$(SWIFT) build --build-tests
	@$(RUN_TESTS) $(TEST_FLAGS)

# Without the test of the supervisor's size: what counts lines makes it larger.
coverage: ## run the tests and print how many lines of each module they reach; fails below 85 % of one
	@scripts/setup test
	@$(MAKE) --no-print-directory path-library supervisors
	$(SWIFT) build --build-tests --enable-code-coverage
	@$(RUN_TESTS) --enable-code-coverage --skip SupervisorBinaryTests/isSmall
	@scripts/coverage

fuzz: ## feed every reader of foreign bytes what it does not expect; fails when one gives in
	@scripts/setup build
	@scripts/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_TARGET)

bench: build ## measure scar-build against the tools that do the same work; writes docs/benchmarks.md
	@scripts/setup bench
	SCAR_BENCH=1 $(STATIC_BUILD) --product pull
	@scripts/bench --rounds $(BENCH_ROUNDS)

fmt: ## format the Swift sources
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## check the format of the Swift sources
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

clean: ## remove what was built here (the testbed's cache is elsewhere and stays)
	rm -rf .build .build-fuzz out
