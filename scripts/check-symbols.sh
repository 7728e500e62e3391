#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# check-symbols.sh MODULE-SYMVERS FILE...: refuses a kernel that lacks a symbol, and says in one line which and why.
# A file is a module, and all that it leaves undefined has to be there, or a header that exports the kernel's crates.
# A symbol of Rust's holds a hash of compiler and crate: those that only differ there are of another build.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

symvers=$1
shift
# names FILE: the symbols that it needs.
names() {
	case $1 in
	*.ko) "$TOP/scripts/enter.sh" nm -u "$1" | awk '{print $NF}' ;;
	*) sed -n 's/^EXPORT_SYMBOL_RUST_GPL(\(.*\));$/\1/p' "$1" ;;
	esac
}
for file in "$@"; do
	missing=$(comm -23 <(names "$file" | sort -u) <(cut -f 2 "$symvers" | sort -u))
	[ -n "$missing" ] || continue
	name=$(head -n 1 <<<"$missing")
	# Without the hashes.
	plain() { sed -E 's/Cs[0-9A-Za-z]+_/C_/g'; }
	why="the kernel is built from another source, or without an option"
	if [[ $name == _R* ]] && cut -f 2 "$symvers" | plain | grep -xF -- "$(plain <<<"$name")" >/dev/null; then
		why="the kernel has it with another hash: its Rust crates were built by another rustc, or by other options"
	fi
	whose=${file##*/}
	[[ $file == *.ko ]] || whose="the source's own crate"
	others=$(($(wc -l <<<"$missing") - 1))
	die "$symvers lacks $name$([ $others -eq 0 ] || echo " and $others more"), which $whose $([[ $file == *.ko ]] && echo needs || echo has): $why"
done
