#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# guest-modules.sh FLAVOUR KO [NAME...]: prints options of goya-guest, for the kernel's own modules that KO needs, and for
# further ones, in the order that they have to be loaded in. The toolbox's kernels have everything built in.
# guest-modules.sh shipped FLAVOUR prints the path of the habanalabs.ko that the kernel's packages have.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

what=$1
[ "$what" != shipped ] || shift
flavour=$1 driver=${2:-}
shift $(($# > 1 ? 2 : 1))
build=$("$TOP/scripts/kernel.sh" "$flavour")
if [ ! -e "$build/.modules" ]; then
	[ "$what" != shipped ] || die "only Debian's own kernel has a habanalabs.ko of Debian's: KERNEL=stock"
	exit 0
fi
modules=$(<"$build/.modules")
[ -e "$modules/modules.order" ] || die "$modules: the kernel's modules are not there"
mkdir -p "$build/modules"

declare -A seen
# needs FILE: loads what the module needs.
needs() {
	local name
	for name in $("$TOP/scripts/enter.sh" modinfo -F depends "$1" | tr ',' ' '); do
		load "$name"
	done
}
# load NAME: a module of the kernel's, uncompressed. One that is built in needs nothing.
load() {
	local path file
	unpack "$1" || return 0
	needs "$file"
	echo "--module $file"
}
# unpack NAME: sets file to the module, uncompressed. Fails if it is built in, or was asked for already.
unpack() {
	local path
	[ -z "${seen[$1]:-}" ] || return 1
	seen[$1]=1
	path=$(grep -E "/${1//_/[-_]}[.](ko|o)\$" "$modules/modules.order" || true)
	[ -n "$path" ] || return 1
	path=$modules/${path%.*}.ko
	file=$build/modules/${path##*/}
	if [ ! -e "$file" ]; then
		if [ -e "$path" ]; then
			cp "$path" "$file.half"
		else
			"$TOP/scripts/enter.sh" xz -dc <"$path.xz" >"$file.half"
		fi
		mv "$file.half" "$file"
	fi
}
if [ "$what" = shipped ]; then
	unpack habanalabs || die "$modules: no habanalabs.ko"
	echo "$file"
	exit
fi
needs "$driver"
for name in "$@"; do
	load "$name"
done
