# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# The front door. Everything is built in the toolbox (scripts/toolbox.sh); what takes long is cached
# outside of the checkout (Documentation/toolbox.rst).

# The driver to run: goya is ours, habanalabs upstream's (the oracle).
DRIVER ?= goya
driver-habanalabs := scripts/oracle.sh
driver-goya := scripts/module.sh
# As Debian ships it, for Debian's kernel: what its users have.
driver-habanalabs-stock := scripts/guest-modules.sh shipped
driver := $(or $(driver-$(DRIVER)),$(error DRIVER=$(DRIVER): the drivers are goya, habanalabs (upstream's) and habanalabs-stock (Debian's)))
CARDS ?= 1
$(if $(filter-out 1 2 3 4 5 6 7 8,$(CARDS)),$(error CARDS=$(CARDS): a guest has 1 to 8 cards))
# The kernel to run, instead of that which a target is for: stock (Debian's own), debug, release or hardened
# (Documentation/toolbox.rst).
KERNEL ?= $(if $(filter habanalabs-stock,$(DRIVER)),stock)
$(if $(filter-out stock debug hardened release,$(KERNEL)),$(error KERNEL=$(KERNEL): the kernels are stock, debug, hardened and release))
kernel = $(or $(KERNEL),$(1))
kernels := $(or $(KERNEL),release debug)
# Guests that share the tests: one a processor is right, and some tests are all that one needs.
GUESTS ?= $(if $(TEST),1,2)
# The shortest endurance tests are part of the ordinary run, but for upstream's driver, where they take minutes.
STRESS := $(if $(filter goya,$(DRIVER)),env GOYA_STRESS=0)
CARGO := build/cargo
GUEST := build/guest
BIN := $(CARGO)/release
TESTS := $(GUEST)/x86_64-unknown-linux-gnu/release
CARD_ARGS := $(if $(MMAP),--card-arg=--mmap)
# What is between the card and the guest's memory: nothing, an IOMMU, or the kernel's bounce buffers. GUEST_ARGS is the caller's.
BETWEEN := $(if $(IOMMU),--iommu) $(if $(SWIOTLB),--kernel-arg=swiotlb=force)
# Other cards and other machines have logs of their own.
WHERE := $(if $(MMAP),-mmap)$(if $(IOMMU),-iommu)$(if $(SWIOTLB),-swiotlb)
# A second device, and a window that shows it some of the users' memory. Behind an IOMMU Linux lets no device reach
# another: the root port has all they say go that way.
PEER = $(if $(IOMMU),,--peer --file "$$(scripts/module.sh peer $(call kernel,debug)):/lib/goya_peer.ko") $(if $(MMAP),,--card-arg=--bar4=1G)
# A small guest begins and ends sooner; but of each window KASAN's map takes an eighth of its size.
MEM := $(if $(filter 1-,$(CARDS)-$(MMAP)),1280M,2G)
ifneq ($(KDIR),)
override KDIR := $(or $(realpath $(KDIR)),$(error KDIR=$(KDIR) is not there. It is what /lib/modules/VERSION/build points at: the kernel's headers, on Debian: apt-get install -t trixie-backports linux-headers-amd64))
endif
export KDIR V INSTALL_MOD_PATH

# What can be run in the guest.
PROGRAMS := goya-tests goya-demo
# With EXAMPLES=1 those of the library, too.
examples = $(if $(EXAMPLES),$$(scripts/examples.sh))
# Modules that tests need, of a kernel that has them as modules.
MODULES :=

# load FLAVOUR: builds the driver for that kernel, or for KERNEL.
load = $(driver) $(call kernel,$(1)) >/dev/null
# run FLAVOUR: the command that boots a guest of that kernel, or of KERNEL, with cards and the driver.
run = scripts/enter.sh $(BIN)/goya-guest --cards $(CARDS) --card-bin $(BIN)/goya-card $(CARD_ARGS) $(BETWEEN) $(GUEST_ARGS) \
	--kernel "$$(scripts/kernel.sh $(call kernel,$(1)))/arch/x86/boot/bzImage" \
	$$(scripts/guest-modules.sh $(call kernel,$(1)) "$$($(driver) $(call kernel,$(1)))" $(MODULES)) \
	--module "$$($(driver) $(call kernel,$(1)))" --module-params "$(PARAMS)" \
	$(foreach program,$(PROGRAMS),--file $(TESTS)/$(program):/bin/$(program)) $(examples) \
	--log-dir build/logs/$(or $(LOG),$(call kernel,$(1)))$(WHERE)

.PHONY: help run-names-a-file demo test test-guest test-lib test-promises test-kexec test-ctl lib stress unit unit-programs uapi bench profile bench-card fuzz fuzz-ioctl shell run toolbox kernel card ctl card-and-runner guest module \
	modules_install rust-analyzer oracle try-kernel lint format docs deb test-deb clean distclean
.DEFAULT_GOAL := help

help: ## This list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  DRIVER=...   the driver to run (goya, or upstream's habanalabs; now: $(DRIVER))"
	@echo "               habanalabs-stock is upstream's as Debian ships it, which does not work"
	@echo "  KERNEL=...   another kernel: stock is Debian's own, debug has every checker, hardened checks indirect calls"
	@echo "               (CFI, IBT), release is small"
	@echo "  PARAMS='timeout_locked=5'  the driver's parameters"
	@echo "  CARDS=2      several cards          MMAP=1  mapped card memory"
	@echo "  IOMMU=1      an IOMMU before the card  SWIOTLB=1  all DMA through bounce buffers"
	@echo "  KDIR=/path   another kernel build   V=1     all output      TEST='dma wait.gone'  some tests"
	@echo "  EXAMPLES=1   the library's examples in the guest, in /examples"

# The driver, while the programs are built: the crates of Debian's kernel keep one processor busy for minutes.
load-%: toolbox
	@$(call load,$*)

demo: PROGRAMS := goya-demo
demo: ## Boot a guest, load the driver, do real work on the card and show it
	@+$(MAKE) --no-print-directory -j2 load-stock card-and-runner guest-goya-demo
	@GOYA_COLOR=never COLUMNS=80; \
	if [ -t 1 ]; then \
		GOYA_COLOR=$(if $(NO_COLOR),never,always); \
		{ COLUMNS=$$(stty size <&3 | cut -d ' ' -f 2); } 3>&1; \
	fi; \
	$(call run,stock) --file "$$(scripts/demo-image.sh):/usr/share/goya/demo-image" --picture build/demo.png \
		-- env GOYA_COLOR=$$GOYA_COLOR COLUMNS=$$COLUMNS goya-demo

# BUILT='-o card -o guest': these are there (.ci/run); make does not tell its children of -o.
test: card guest ## Run all tests: the chip's and the host programs', then the driver's in a guest
	@+$(MAKE) --no-print-directory $(BUILT) -j2 load-debug unit uapi
	@+$(MAKE) --no-print-directory $(BUILT) test-guest
	@+$(MAKE) --no-print-directory $(BUILT) test-kexec

test-guest: MODULES := aer_inject
test-guest: card guest ## Run the driver's tests only
	@$(call load,debug)
	@$(call run,debug) $(PEER) --mem $(MEM) --guests $(GUESTS) --ktap --timeout 1500 -- $(STRESS) goya-tests $(TEST)

test-lib: LOG := lib
test-lib: PROGRAMS := goyactl
test-lib: EXAMPLES := 1
test-lib: card-and-runner guest-goyactl ## Run the library's examples in Rust, C and Python on the card, and the documentation's samples
	@$(call load,stock)
	@$(call run,stock) --mem 1280M --ktap -- examples

test-promises: LOG := promises
test-promises: PROGRAMS :=
test-promises: card-and-runner ## See whether the driver keeps what the documents of the user API promise, by a C program without libraries
	@scripts/enter.sh cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -O1 -static -Iuapi -o build/promises tests/promises/*.c
	@$(call load,stock)
	@$(call run,stock) --file build/promises:/bin/promises -- promises

test-kexec: LOG := kexec
test-kexec: PROGRAMS := goya-kexec
test-kexec: card guest ## Have another kernel take the card over: in good order, and after a crash
	@$(call load,debug)
	@$(call run,debug) --mem 2G --ktap --also-allowed tests/guest/dmesg-allowed-kexec.txt --kernel-arg=kunit.enable=0 --kernel-arg=retain_initrd \
		--kernel-arg=crashkernel=640M --file "$$(scripts/kernel.sh $(call kernel,debug))/arch/x86/boot/bzImage:/boot/bzImage" \
		-- goya-kexec

stress: card guest ## Run the endurance tests, on the kernel without checkers (ROUNDS=10: a tenth)
	@$(call load,release)
	@$(call run,release) --mem 8G --ktap --timeout 14400 -- env GOYA_STRESS=$(or $(ROUNDS),100) goya-tests $(or $(TEST),stress)

test-ctl: PROGRAMS := goya-tests goyactl
test-ctl: LOG := ctl
test-ctl: card guest guest-goyactl ## Run the tests of goyactl, on Debian's kernel
	@$(call load,stock)
	@$(call run,stock) --mem 1280M --guests $(GUESTS) --ktap --timeout 900 -- goya-tests $(or $(TEST),ctl)

lib: toolbox ## The library for programs in C: goya.h, libgoya.so, libgoya.a and goya.pc in build/lib
	@scripts/libgoya.sh

UNIT := test --workspace --features goya-chip/testing
unit: card ## Run the unit tests of the card, the runner and the tests themselves
	@scripts/cargo.sh test $(CARGO) $(UNIT)

unit-programs: toolbox ## Compile them
	@scripts/cargo.sh unit-programs $(CARGO) $(UNIT) --no-run

uapi: toolbox ## Compare our user API header with the kernel's
	@scripts/check-uapi.sh

bench: card guest ## Compare goya.ko with upstream's driver: speed, instructions, memory (build/bench.json)
	@scripts/cargo.sh bench-tools $(CARGO) build --release -p goya-compare -p goya-count
	@scripts/bench.sh

profile: card guest ## In which functions instructions are spent (ROW=nop, submit, depth64, uring64, map_64m or map_64m_huge)
	@scripts/cargo.sh bench-tools $(CARGO) build --release -p goya-count
	@scripts/profile.sh "$(driver)" $(call kernel,stock) $(or $(ROW),depth64)

bench-card: ## Measure the chip: DMA against memcpy, packets a second, kernels of a tensor core
	@V=1 scripts/cargo.sh bench $(CARGO) bench -p goya-chip --features testing

fuzz: ## Drive random accesses, packets and programs through the chip (a minute each, or SECONDS=)
	@V=1 FUZZ_SECONDS=$(or $(SECONDS),60) scripts/cargo.sh fuzz $(CARGO) test --release -p goya-chip --features testing --test fuzz --test fuzz_tpc \
		-- --ignored --nocapture

fuzz-ioctl: LOG := fuzz-ioctl
fuzz-ioctl: PARAMS := $(or $(PARAMS),timeout_locked=2)
fuzz-ioctl: card guest ## Make random calls of the driver, with faults of the card (a minute, or SECONDS=; SEED=)
	@$(call load,debug)
	@$(call run,debug) --mem 2G --ktap --timeout $$(($(or $(SECONDS),60) + 300)) --kernel-arg=kunit.enable=0 \
		$(if $(MMAP),,--card-arg=--bar4=1G) \
		--file $(TESTS)/goya-fuzz:/bin/goya-fuzz -- $(if $(TRACE),env GOYA_FUZZ_TRACE=1) goya-fuzz $(or $(SECONDS),60) $(SEED)

shell: ## An interactive guest with the card attached and the driver loaded
	@+$(MAKE) --no-print-directory -j2 load-stock card guest
	@$(call run,stock) --interactive

run: LOG := run
run: PROGRAMS :=
run: program = $(firstword $(RUN))
# Where it is in nobody's way, and named in full: the guest's shell prefers commands of its own to programs in /bin.
run: in_guest = /usr/bin/$(notdir $(program))
run: run-names-a-file card-and-runner ## Run a static program of your own in a guest, with its exit code (RUN='build/mine ARGUMENTS')
	@$(call load,stock)
	@$(call run,stock) --file $(program):$(in_guest) -- $(in_guest) $(wordlist 2,$(words $(RUN)),$(RUN))

run-names-a-file:
	@[ -f "$(firstword $(RUN))" ] || { echo "RUN=$(RUN): no file in the checkout; RUN='build/mine ARGUMENTS' names a program of yours" >&2; exit 2; }

toolbox: ## The Debian root file system with all tools, and the kernel source
	@scripts/toolbox.sh >/dev/null

kernel: toolbox ## The kernels: release (bench) and debug (tests), or that of KERNEL
	@for flavour in $(kernels); do scripts/kernel.sh $$flavour || exit; done

card: toolbox ## The emulated card, its control tool, the tensor cores' assembler and the guest runner
	@scripts/cargo.sh card $(CARGO) build --release -p goya-card -p goya-cardctl -p goya-guest -p goya-tpc

ctl: toolbox ## goyactl, the operator's tool, for this system (build/cargo/release)
	@scripts/cargo.sh ctl $(CARGO) build --release -p goyactl

# What a guest needs to be booted, and no more: beside the driver, which takes longer and comes first.
card-and-runner: toolbox
	@nice scripts/cargo.sh card $(CARGO) build --release -p goya-card -p goya-guest

# for_guest LOG ARGS: static programs, which need nothing in the guest.
for_guest = RUSTFLAGS="-C target-feature=+crt-static" scripts/cargo.sh $(1) $(GUEST) \
	build --release --target x86_64-unknown-linux-gnu $(2)

guest: toolbox ## The static programs that run in the guest
	@$(call for_guest,guest,-p goya-tests)

# One of them: what is run first should be there soon.
guest-%: toolbox
	@nice env $(call for_guest,$@,$(if $(filter goyactl,$*),-p goyactl,-p goya-tests --bin $*))

module: toolbox ## The driver, goya.ko, for the toolbox's kernels, or for that of KERNEL or KDIR
	@for flavour in $(if $(KDIR),$(call kernel,debug),$(kernels)); do scripts/module.sh $$flavour || exit; done

modules_install: toolbox ## Install goya.ko for the kernel of KDIR (INSTALL_MOD_PATH=)
	@scripts/module.sh install

rust-analyzer: toolbox ## rust-project.json, for editors
	@scripts/module.sh rust-analyzer

oracle: toolbox ## Upstream's driver with the cures that it needs on this card
	@for flavour in $(kernels); do scripts/oracle.sh $$flavour || exit; done

try-kernel: toolbox ## Build goya.ko for any kernel, and list the errors (KDIR=: headers, build or source; or SERIES=7.2)
	@scripts/try-kernel.sh $(SERIES)

lint: toolbox ## Formatting, clippy, unsafe code, rooms, panics, shell scripts, licences, file sizes, patches
	@scripts/lint.sh

format: toolbox ## Format the sources: as the kernel does in src/, as rustfmt.toml says elsewhere
	@scripts/lint.sh format

docs: toolbox ## The documentation as HTML in build/docs, manual pages in build/man
	@scripts/docs.sh

deb: toolbox ## Debian packages in build/deb: goya-dkms, goya-modules for Debian's kernel, goya-card, libgoya, goyactl and others (GOYA_VERSION=)
	@scripts/deb.sh >/dev/null

test-deb: toolbox ## Install the packages in a Debian, boot it with a card, upgrade and purge them
	@scripts/test-deb.sh

clean: ## Remove what was built in the checkout
	rm -rf build

distclean: clean ## Remove the cache as well: toolbox, kernels, oracle
	rm -rf "$${GOYA_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/goya}"
