#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds a kernel: kernel.sh release|debug|hardened. Prints the path of its build tree, which external
# modules can be built against. For stock, Debian's own kernel, only that tree is made. With KDIR= in the environment,
# that tree is used as it is, or what crates.sh makes of it.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

flavour=${1:-}
case $flavour in
release | hardened) total=2050 ;;
debug) total=2100 ;;
stock) total=0 ;;
*) die "usage: kernel.sh release|debug|hardened|stock" ;;
esac

if [ -n "${KDIR:-}" ] || [ "$flavour" = stock ]; then
	build=${KDIR:-}
	if [ -z "$build" ]; then
		root=$("$TOP/scripts/stock.sh")
		build=$root/usr/src/linux-headers-$(<"$root/release")
	fi
	"$TOP/scripts/check-kernel.sh" "$build"
	[ -e "$build/rust/libkernel.rmeta" ] || build=$("$TOP/scripts/crates.sh" "$build")
	echo "$build"
	exit
fi

box=$("$TOP/scripts/toolbox.sh")
source=$(readlink "$box/linux-source") || die "this toolbox has no kernel source: give KDIR="
fragments=("$TOP/scripts/kernel/common.config" "$TOP/scripts/kernel/$flavour.config")
# Comments are not part of the recipe; its number goes up when this script builds something else.
id=$(echo "$(basename "$box") recipe 1" | key "${fragments[@]}")
out=$CACHE/kernel-$flavour-$id
# A build tree cannot be moved, so the stamp at its end tells a whole one from a half-made one.
begin "kernel-$flavour" "$out"

enter() { "$TOP/scripts/enter.sh" make -C "$source" O="$out" LLVM=1 "$@"; }
configure() {
	enter tinyconfig
	cat "${fragments[@]}" >>"$out/.config"
	enter olddefconfig
}
# dropped: the wanted options that are not as wanted. A later fragment's word counts.
dropped() {
	awk '/^CONFIG_/ {split($0, part, "="); want[part[1]] = part[2] == "n" ? "" : $0}
		/^# CONFIG_.* is not set$/ {want[$2] = ""}
		END {for (option in want) print option, want[option]}' "${fragments[@]}" |
		sort | while read -r option line; do
		if [ -n "$line" ]; then
			grep -qxF -- "$line" "$out/.config" || echo "  $line"
		elif grep -q "^$option=" "$out/.config"; then
			echo "  # $option is not set"
		fi
	done
}
step "CONFIG kernel ($flavour)" "$LOGS/kernel-$flavour-config.log" 0 configure
lost=$(dropped)
if [ -n "$lost" ]; then
	printf 'error: Kconfig drops options that the %s kernel wants:\n%s\n' "$flavour" "$lost" >&2
	exit 1
fi
step "KERNEL Linux $(source_version "$source") ($flavour, 6 to 30 min)" "$LOGS/kernel-$flavour.log" $total \
	enter -j"$(nproc)" bzImage modules_prepare vmlinux
# Module.symvers without building the modules of the tree: ours are built outside of it.
[ -e "$out/Module.symvers" ] || cp "$out/vmlinux.symvers" "$out/Module.symvers"
touch "$out/.complete"
HALF=()
echo "$out"
