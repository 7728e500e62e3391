#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds a kernel: kernel.sh release|debug. Prints the path of its build tree, which external
# modules can be built against. With KDIR= in the environment, that tree is used as it is.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

flavour=${1:?usage: kernel.sh release|debug}
if [ -n "${KDIR:-}" ]; then
	[ -e "$KDIR/Module.symvers" ] || die "KDIR=$KDIR is no built kernel tree (no Module.symvers): give a Rust-enabled 7.3 build tree"
	echo "$KDIR"
	exit
fi
box=$("$TOP/scripts/toolbox.sh")
fragments=("$TOP/scripts/kernel/common.config" "$TOP/scripts/kernel/$flavour.config")
# The recipe's number goes up when this script builds something else from the same fragments.
id=$(echo "$(basename "$box") recipe 1" | key "${fragments[@]}")
out=$CACHE/kernel-$flavour-$id
if [ -e "$out/.complete" ]; then
	echo "$out"
	exit
fi
lock "kernel-$flavour"
if [ -e "$out/.complete" ]; then
	echo "$out"
	exit
fi
# A build tree cannot be moved, so the stamp at its end tells a whole one from a half-made one.
rm -rf "$out"
trap '[ -e "$out/.complete" ] || rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"
source=$(readlink "$box/linux-source")
enter() { "$TOP/scripts/enter.sh" make -C "$source" O="$out" LLVM=1 "$@"; }
configure() {
	enter tinyconfig
	cat "${fragments[@]}" >>"$out/.config"
	enter olddefconfig
}
step "CONFIG kernel ($flavour)" "$LOGS/kernel-$flavour-config.log" 0 configure
dropped=$(cat "${fragments[@]}" | awk -F= '/^CONFIG_.*=n$/ {next} /^CONFIG_/ {want[$1] = $0} /^# CONFIG_.* is not set$/ {off[$2] = 1}
	END {for (o in want) print want[o]; for (o in off) print "OFF " o}' | while read -r line; do
	case $line in
	OFF*) if grep -q "^${line#OFF }=" "$out/.config"; then echo "${line#OFF } (wanted off)"; fi ;;
	*) grep -qxF -- "$line" "$out/.config" || echo "$line" ;;
	esac
done)
if [ -n "$dropped" ]; then
	printf 'error: Kconfig drops options that the %s kernel wants:\n%s\n' "$flavour" "$dropped" >&2
	exit 1
fi
case $flavour in debug) total=2250 ;; *) total=2050 ;; esac
step "KERNEL Linux $KERNEL_VERSION ($flavour)" "$LOGS/kernel-$flavour.log" $total \
	enter -j"$(nproc)" bzImage modules_prepare vmlinux
# Module.symvers without building the modules of the tree: ours are built outside of it.
[ -e "$out/Module.symvers" ] || cp "$out/vmlinux.symvers" "$out/Module.symvers"
touch "$out/.complete"
echo "$out"
