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
# Its own bar says how far it is; V=1 shows that as it is.
bar=()
[ "${V:-0}" != 0 ] || bar=(CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=80)
# Tests are many programs, which lld links four times as fast.
flags=${RUSTFLAGS:-}
[ "$1" != test ] || [[ " $* " == *" --release "* ]] || flags="$flags -C link-arg=-fuse-ld=lld"
step "CARGO $name" "$LOGS/cargo-$name.log" cargo \
	"$TOP/scripts/enter.sh" env "${bar[@]}" CARGO_TARGET_DIR="$TOP/$target" RUSTFLAGS="$flags" \
	FUZZ_SECONDS="${FUZZ_SECONDS:-}" cargo "$@"
