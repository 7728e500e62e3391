#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# dkms-build.sh RELEASE: builds goya.ko for an installed kernel, for DKMS. If that can't be, or fails, it says why and
# returns 77, by which DKMS leaves this kernel out: a kernel without this module is better than half a kernel.

set -uo pipefail

release=$1
cd "$(dirname "$0")" || exit 77
export GOYA_TOOLBOX=none GOYA_CACHE=/var/cache/goya KDIR=/lib/modules/$release/build

# tell TEXT: DKMS keeps what its scripts say in a file. Whoever runs it, an administrator or apt, is told by way of the
# first process above that writes elsewhere.
tell() {
	local pid=$$ here
	here=$(readlink "/proc/$$/fd/2")
	while [ "$pid" -gt 1 ] && [ "$(readlink "/proc/$pid/fd/2")" = "$here" ]; do
		pid=$(awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")
	done
	printf '%s\n' "$1"
	printf '%s\n' "$1" 2>/dev/null >>"/proc/$pid/fd/2" || true
}
# skip WHY...
skip() {
	tell "
goya: no driver for Linux $release: $*"
	exit 77
}

# What was compiled for kernels that are gone, and the sources that nothing refers to any more.
for crates in "$GOYA_CACHE"/crates-*; do
	gone=${crates##*/crates-}
	[ -e "/lib/modules/${gone%-*}/build" ] || rm -rf "$crates"
done
for source in "$GOYA_CACHE"/linux-source-*; do
	grep -qs "$source/" "$GOYA_CACHE"/crates-*/Makefile || rm -rf "$source"
done

for prebuilt in "/lib/modules/$release/extra"/goya.ko*; do
	[ ! -e "$prebuilt" ] || skip "goya-modules-$release has it already"
done
log=build/logs/dkms.log
mkdir -p "${log%/*}"
# run COMMAND...: in the log that DKMS keeps, and in one that can be searched for the error.
run() { "$@" 2>&1 | tee "$log"; }
why() { sed -n 's/^error: //p' "$log" | tail -n 1 | grep . || echo "it can't be built"; }

run scripts/check-kernel.sh "$KDIR" || skip "$(why)"
tell "
goya: building for Linux $release; the first time for a kernel takes some minutes"
run scripts/module.sh release || skip "$(why)
goya: nothing else is held up by this. To try again: dkms install -m goya -v @VERSION@ -k $release"
