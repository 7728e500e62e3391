#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# check-kernel.sh DIR: refuses a kernel build tree that the driver cannot be built against, and says why
# in one line, before a compiler runs.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

build=${1:?usage: check-kernel.sh DIR}
refuse() { die "$build: $*"; }

for file in include/config/kernel.release include/config/auto.conf Module.symvers; do
	[ -e "$build/$file" ] || refuse "no built kernel tree (no $file); supported is Linux $KERNEL_VERSION.x with Rust"
done
case $(<"$build/include/config/kernel.release") in
"$KERNEL_VERSION" | "$KERNEL_VERSION"[.-]*) ;;
*) refuse "this is Linux $(<"$build/include/config/kernel.release"); supported are $KERNEL_VERSION.x kernels" ;;
esac

# option NAME: its value in this kernel.
option() { sed -n "s/^CONFIG_$1=//p" "$build/include/config/auto.conf" | tr -d '"'; }

read -ra needs < <(sed -n 's/^goya-needs := //p' "$TOP/Kbuild")
missing=
for name in "${needs[@]}"; do
	[ -n "$(option "$name")" ] || missing="$missing CONFIG_$name"
done
[ -z "$missing" ] || refuse "the kernel is built without$missing"

# Debian's headers are packed without the crates; crates.sh makes up for that.
[ -e "$build/rust/libkernel.rmeta" ] || { [ -e "$build/.kernelvariables" ] && grep -qs ' Debian ' "$build/include/generated/package.h"; } ||
	refuse "no rust/libkernel.rmeta: the tree's Rust crates are not built"
theirs=$(option RUSTC_VERSION_TEXT)
ours=$("$TOP/scripts/enter.sh" rustc --version 2>/dev/null || echo none)
where="the toolbox" cure="build one of them anew"
[ "${GOYA_TOOLBOX:-}" != none ] || where="this system" cure="packages of that one have to be installed (rustc, rust-src)"
[ "$theirs" = "$ours" ] || refuse "the kernel is built with \"$theirs\", $where has \"$ours\": $cure"
