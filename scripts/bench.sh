#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Compares goya.ko with upstream's driver (Documentation/bench.rst): bench.sh ARGS OF goya-compare...
# GOYA_KO= names another module to measure in goya.ko's place. The programs are built before.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
kernel=$(scripts/kernel.sh release)
oracle=$(scripts/oracle.sh release)
goya=${GOYA_KO:-$(scripts/module.sh release)}
exec scripts/enter.sh build/cargo/release/goya-compare --goya "$goya" --habanalabs "$oracle" \
	--kernel "$kernel/arch/x86/boot/bzImage" --guest build/cargo/release/goya-guest \
	--card-bin build/cargo/release/goya-card --plugin build/cargo/release/libgoya_count.so \
	--bench build/guest/x86_64-unknown-linux-gnu/release/goya-bench "$@"
