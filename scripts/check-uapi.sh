#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Compares our user API header with that of the kernel source at hand.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
for source in "${KDIR:-}" "${KDIR:-}/source" "$("$TOP/scripts/toolbox.sh")/linux-source"; do
	if [ -e "$source/include/uapi/drm/habanalabs_accel.h" ]; then
		source=$(readlink -f "$source")
		GOYA_BIND=$source step "UAPI our header against Linux $(source_version "$source")" "$LOGS/uapi.log" 0 \
			"$TOP/scripts/enter.sh" uapi/check.sh "$source"
		exit
	fi
done
die "no kernel source is at hand: none in the toolbox, none in KDIR"
