# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# The front door. Everything is built in the toolbox (scripts/toolbox.sh); what takes long is cached
# outside of the checkout (Documentation/toolbox.rst).

# The driver to run: goya is ours, habanalabs upstream's (the oracle).
DRIVER ?= goya
driver-habanalabs := scripts/oracle.sh
driver-goya := scripts/module.sh
driver := $(or $(driver-$(DRIVER)),$(error DRIVER=$(DRIVER): the drivers are habanalabs, upstream's, and goya))
CARDS ?= 1
# Guests that share the tests: one a processor is right, and some tests are all that one needs.
GUESTS ?= $(if $(TEST),1,2)
# The shortest endurance tests are part of the ordinary run, but for upstream's driver, where they take minutes.
STRESS := $(if $(filter goya,$(DRIVER)),env GOYA_STRESS=0)
CARGO := build/cargo
GUEST := build/guest
BIN := $(CARGO)/release
TESTS := $(GUEST)/x86_64-unknown-linux-gnu/release
CARD_ARGS := $(if $(MMAP),--card-arg=--mmap)
# What is between the card and the guest's memory: nothing, an IOMMU, or the kernel's bounce buffers.
GUEST_ARGS := $(if $(IOMMU),--iommu) $(if $(SWIOTLB),--kernel-arg=swiotlb=force)
# Other cards and other machines have logs of their own.
WHERE := $(if $(MMAP),-mmap)$(if $(IOMMU),-iommu)$(if $(SWIOTLB),-swiotlb)
# A second device, and a window that shows it some of the users' memory. Behind an IOMMU Linux lets no device reach
# another: the root port has all they say go that way.
PEER = $(if $(IOMMU),,--peer --file "$$(scripts/module.sh peer debug):/lib/goya_peer.ko") $(if $(MMAP),,--card-arg=--bar4=1G)
# A small guest begins and ends sooner; but of each window KASAN's map takes an eighth of its size.
MEM := $(if $(filter 1-,$(CARDS)-$(MMAP)),1280M,2G)
ifneq ($(KDIR),)
override KDIR := $(or $(realpath $(KDIR)),$(error KDIR=$(KDIR) is not there))
endif
export KDIR V INSTALL_MOD_PATH

# run KERNEL-FLAVOUR: the command that boots a guest with cards and the driver.
run = scripts/enter.sh $(BIN)/goya-guest --cards $(CARDS) --card-bin $(BIN)/goya-card $(CARD_ARGS) $(GUEST_ARGS) \
	--kernel "$$(scripts/kernel.sh $(1))/arch/x86/boot/bzImage" --module "$$($(driver) $(1))" --module-params "$(PARAMS)" \
	--file $(TESTS)/goya-tests:/bin/goya-tests --file $(TESTS)/goya-demo:/bin/goya-demo \
	--log-dir build/logs/$(or $(LOG),$(1))$(WHERE)

.PHONY: help demo test test-guest stress unit uapi bench bench-card fuzz fuzz-ioctl shell toolbox kernel card guest module \
	modules_install rust-analyzer oracle lint format docs clean distclean
.DEFAULT_GOAL := help

help: ## This list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  DRIVER=...   the driver to run (goya, or upstream's habanalabs; now: $(DRIVER))"
	@echo "  PARAMS='timeout_locked=5'  the driver's parameters"
	@echo "  CARDS=2      several cards          MMAP=1  mapped card memory"
	@echo "  IOMMU=1      an IOMMU before the card  SWIOTLB=1  all DMA through bounce buffers"
	@echo "  KDIR=/path   another kernel build   V=1     all output      TEST='dma wait.gone'  some tests"

demo: card guest ## Boot a guest, load the driver, do real work on the card and show it
	@$(driver) release >/dev/null
	@GOYA_COLOR=$(if $(NO_COLOR),never,$$([ -t 1 ] && echo always || echo never)); \
	$(call run,release) -- env GOYA_COLOR=$$GOYA_COLOR goya-demo

test: card guest ## Run all tests: the chip's and the host programs', then the driver's in a guest
	@+$(MAKE) --no-print-directory -j2 unit uapi test-guest

test-guest: card guest ## Run the driver's tests only
	@$(driver) debug >/dev/null
	@$(call run,debug) $(PEER) --mem $(MEM) --guests $(GUESTS) --ktap --timeout 900 -- $(STRESS) goya-tests $(TEST)

stress: card guest ## Run the endurance tests, on the kernel without checkers (ROUNDS=10: a tenth)
	@$(driver) release >/dev/null
	@$(call run,release) --mem 8G --ktap --timeout 14400 -- env GOYA_STRESS=$(or $(ROUNDS),100) goya-tests $(or $(TEST),stress)

unit: card ## Run the unit tests of the card, the runner and the tests themselves
	@scripts/cargo.sh test $(CARGO) test --workspace --features goya-chip/testing

uapi: toolbox ## Compare our user API header with the kernel's
	@scripts/check-uapi.sh

bench: card guest ## Compare goya.ko with upstream's driver: speed, instructions, memory (build/bench.json)
	@scripts/cargo.sh bench-tools $(CARGO) build --release -p goya-compare -p goya-count
	@scripts/bench.sh

bench-card: ## Measure the chip: DMA against memcpy, packets a second
	@V=1 scripts/cargo.sh bench $(CARGO) bench -p goya-chip --features testing

fuzz: ## Drive random accesses and packets through the chip (SECONDS=600)
	@V=1 FUZZ_SECONDS=$(or $(SECONDS),60) scripts/cargo.sh fuzz $(CARGO) test --release -p goya-chip --features testing --test fuzz -- --ignored --nocapture

fuzz-ioctl: LOG := fuzz-ioctl
fuzz-ioctl: PARAMS := $(or $(PARAMS),timeout_locked=2)
fuzz-ioctl: card guest ## Make random calls of the driver, with faults of the card (SECONDS=1800, SEED=)
	@$(driver) debug >/dev/null
	@$(call run,debug) --mem 2G --ktap --timeout $$(($(or $(SECONDS),60) + 300)) --kernel-arg=kunit.enable=0 \
		$(if $(MMAP),,--card-arg=--bar4=1G) \
		--file $(TESTS)/goya-fuzz:/bin/goya-fuzz -- $(if $(TRACE),env GOYA_FUZZ_TRACE=1) goya-fuzz $(or $(SECONDS),60) $(SEED)

shell: card guest ## An interactive guest with the card attached and the driver loaded
	@$(driver) release >/dev/null
	@$(call run,release) --interactive

toolbox: ## The Debian root file system with all tools, and the kernel source
	@scripts/toolbox.sh >/dev/null

kernel: toolbox ## Both kernels: release (demo) and debug (tests)
	@scripts/kernel.sh release
	@scripts/kernel.sh debug

card: toolbox ## The emulated card, its control tool and the guest runner
	@scripts/cargo.sh card $(CARGO) build --release -p goya-card -p goya-cardctl -p goya-guest

guest: toolbox ## The static programs that run in the guest
	@RUSTFLAGS="-C target-feature=+crt-static" scripts/cargo.sh guest $(GUEST) \
		build --release --target x86_64-unknown-linux-gnu -p goya-tests

module: toolbox ## The driver, goya.ko, for both kernels, or for that of KDIR
ifeq ($(KDIR),)
	@scripts/module.sh release
endif
	@scripts/module.sh debug

modules_install: toolbox ## Install goya.ko for the kernel of KDIR (INSTALL_MOD_PATH=)
	@scripts/module.sh install

rust-analyzer: toolbox ## rust-project.json, for editors
	@scripts/module.sh rust-analyzer

oracle: toolbox ## Upstream's driver with the cures that it needs on this card
	@scripts/oracle.sh release
	@scripts/oracle.sh debug

lint: toolbox ## Formatting, clippy, unsafe code, panics, shell scripts, licences, file sizes
	@scripts/lint.sh

format: toolbox ## Format the sources: as the kernel does in src/, as rustfmt.toml says elsewhere
	@scripts/lint.sh format

docs: toolbox ## The documentation as HTML in build/docs, manual pages in build/man
	@scripts/docs.sh

clean: ## Remove what was built in the checkout
	rm -rf build

distclean: clean ## Remove the cache as well: toolbox, kernels, oracle
	rm -rf "$${GOYA_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/goya}"
