#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Whether the patch series in contrib/upstream still apply to a kernel's source, each one alone and all of them together
# (from the first to the last, and the other way), to the letter, and pass its checkpatch: check-upstream.sh SOURCE. Runs in the toolbox.
# The source is only read.

set -euo pipefail

source=$(readlink -f "${1:?usage: check-upstream.sh SOURCE}")
patches=$(readlink -f "$(dirname "$0")/../contrib/upstream")
# Outside of any repository, where git takes names as they are.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# fresh: a scratch tree with the files of the kernel that the patches change.
fresh() {
	rm -rf "${scratch:?}/tree"
	mkdir "$scratch/tree"
	(cd "$source" && sed -n 's,^--- a/,,p' "$patches"/*/*.patch | sort -u | while read -r file; do
		[ ! -e "$file" ] || cp --parents "$file" "$scratch/tree"
	done)
}
# apply SERIES: its patches, one upon the other.
apply() {
	local patch
	for patch in "$patches/$1"/[0-9]*.patch; do
		[ -e "$patch" ] || { echo "$1: no patches" >&2; return 1; }
		git -C "$scratch/tree" apply --whitespace=error "$patch" || { echo "$1/${patch##*/} does not apply" >&2; return 1; }
	done
}

series=()
for directory in "$patches"/*/; do
	series+=("$(basename "$directory")")
done
[ ${#series[@]} -gt 0 ] || { echo "no series in $patches" >&2; exit 1; }
for name in "${series[@]}"; do
	fresh
	apply "$name"
done
# Who sends them signs them, and agrees with others on who maintains what is new.
for patch in "$patches"/*/[0-9]*.patch; do
	(cd "$source" && perl scripts/checkpatch.pl --strict --quiet --no-signoff --ignore FILE_PATH_CHANGES "$patch") ||
		{ echo "${patch#"$patches"/} does not pass checkpatch" >&2; exit 1; }
done
fresh
for name in "${series[@]}"; do
	apply "$name"
done
fresh
for ((i = ${#series[@]} - 1; i >= 0; i--)); do
	apply "${series[i]}"
done
echo "${#series[@]} series apply: ${series[*]}"
