#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Fetches the kernel that people have, Debian's own, as it is: image, modules and headers; stock.sh SERIES another one than
# that which is supported. Prints the directory that they are unpacked in.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

series=${1:-$KERNEL_VERSION}
box=$("$TOP/scripts/toolbox.sh")
# As old as the toolbox, like the source in there. The recipe's number goes up when this script makes something else.
id=$(echo "$(basename "$box") recipe 1 $series" | key /dev/null)
out=$CACHE/stock-$id
begin stock "$out"
if ! step "STOCK Debian's kernel, 125 MB" "$LOGS/stock.log" 0 \
	"$TOP/scripts/enter.sh" scripts/archive.sh kernel "$series" "$out"; then
	! grep -q '^gone:' "$LOGS/stock.log" || die "Debian's archive has no Linux $series any more: KERNEL=release takes" \
		"a kernel that is built from the toolbox's source, KDIR=/path/to/build one of your own"
	exit 1
fi
touch "$out/.complete"
HALF=()
say STOCK "Linux $(<"$out/release"), Debian's $(<"$out/version")"
echo "$out"
