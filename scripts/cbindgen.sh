#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Compiles cbindgen, which makes goya.h, once for all checkouts: prints the path of the program.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

version=0.29.0
out=$CACHE/cbindgen-$version-$(basename "$("$TOP/scripts/toolbox.sh")")
if [ ! -e "$out/.complete" ]; then
	(
		begin cbindgen "$out" >/dev/null
		step "CARGO cbindgen" "$LOGS/cbindgen.log" 0 "$TOP/scripts/enter.sh" env CARGO_TARGET_DIR="$out/target" \
			cargo install --quiet --locked --no-track --root "$out" --version "=$version" cbindgen
		rm -rf "$out/target"
		touch "$out/.complete"
		HALF=()
	)
fi
echo "$out/bin/cbindgen"
