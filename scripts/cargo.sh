#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# cargo.sh NAME TARGET-DIR ARGS...: runs cargo in the toolbox as a step with a log.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

name=$1 target=$2
shift 2
cd "$TOP"
total=0
if [ ! -d "$target" ]; then
	# The first build compiles about as many crates as are locked.
	total=$(grep -c '^\[\[package\]\]' Cargo.lock)
fi
step "CARGO $name" "$LOGS/cargo-$name.log" "$total" \
	"$TOP/scripts/enter.sh" env CARGO_TARGET_DIR="$TOP/$target" RUSTFLAGS="${RUSTFLAGS:-}" \
	FUZZ_SECONDS="${FUZZ_SECONDS:-}" cargo "$@"
