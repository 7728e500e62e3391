#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Tries to build goya.ko for a kernel that nobody has said it is for, and lists what the compiler finds fault with:
#   KDIR=DIR try-kernel.sh    DIR is a build tree, Debian's headers, or a source tree
#   try-kernel.sh SERIES      Debian's newest kernel of a series, as 7.2

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

kernel=${KDIR:-} series=${1:-}
if [ -z "$kernel" ]; then
	[ -n "$series" ] || die "which kernel? make try-kernel KDIR=/path/to/headers/or/source, or make try-kernel SERIES=7.2"
	root=$("$TOP/scripts/stock.sh" "$series")
	kernel=$root/usr/src/linux-headers-$(<"$root/release")
fi
out=$TOP/build/try-kernel
export GOYA_BIND="$kernel ${GOYA_BIND:-}"
enter() { "$TOP/scripts/enter.sh" "$@"; }

llvm=LLVM=1
if [ -e "$kernel/Kconfig" ] && [ ! -e "$kernel/include/config/auto.conf" ]; then
	# A source: its crates, configured as the toolbox's kernels are.
	build=$out/tree
	mkdir -p "$build"
	configure() {
		enter make -C "$kernel" O="$build" LLVM=1 tinyconfig
		cat "$TOP"/scripts/kernel/{common,release}.config >>"$build/.config"
		enter make -C "$kernel" O="$build" LLVM=1 olddefconfig
	}
	step "CONFIG of $kernel" "$LOGS/try-kernel-config.log" 0 configure
	step "CRATES of $kernel (about 3 min)" "$LOGS/try-kernel-crates.log" 215 \
		enter make -C "$kernel" O="$build" LLVM=1 -j"$(nproc)" modules_prepare
elif [ -e "$kernel/rust/libkernel.rmeta" ]; then
	build=$kernel
else
	build=$("$TOP/scripts/crates.sh" "$kernel")
fi
grep -qx CONFIG_CC_IS_CLANG=y "$build/include/config/auto.conf" || llvm=
[ ! -L "$build/source" ] || GOYA_BIND="$GOYA_BIND $(readlink -f "$build/source")"

release=$(<"$build/include/config/kernel.release")
log=$LOGS/try-kernel.log
rm -rf "$out/module"
mkdir -p "$out"
say TRY "goya.ko for Linux $release (about 1 min)"
# shellcheck disable=SC2086 # no argument is one, too
compile() { enter make -C "$build" M="$TOP" MO="$out/module" $llvm KBUILD_MODPOST_WARN=1 modules; }
if ! step "MODULE goya.ko for Linux $release" "$log" 6 compile 2>"$out/said"; then
	# An error, and the place that the next arrow points at.
	errors=$(awk '/^error(\[E[0-9]+\])?: / && !/aborting due to|could not compile/ {error = $0}
		error != "" && /^ *--> / {sub(/^ *--> /, ""); print $0 ": " error; error = ""}' "$log" | sed "s|$TOP/||" | sort -t: -k1,1 -k2,2n)
	if [ -z "$errors" ]; then
		cat "$out/said" >&2
		exit 1
	fi
	echo "$errors"
	die "Linux $release: $(wc -l <<<"$errors") errors in $(cut -d: -f1 <<<"$errors" | sort -u | wc -l) files; the compiler's words are in $log"
fi
tail -n 1 "$out/said" >&2
"$TOP/scripts/check-symbols.sh" "$build/Module.symvers" "$out/module/goya.ko"
echo "goya.ko builds for Linux $release: $out/module/goya.ko"
