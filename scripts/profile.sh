#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# profile.sh DRIVER-SCRIPT FLAVOUR ROW: in which functions the guest's instructions are executed that a row of the bench counts
# (Documentation/bench.rst). The programs are built before.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# rows, their marks in goya-bench (tests/ioctl/src/bin/goya-bench/count.rs), and how often each thing happens between two
case $3 in
nop) mark=2 per=1 ;;
submit) mark=4 per=1 ;;
depth64) mark=6 per=192 ;;
uring64) mark=12 per=192 ;;
map_64m) mark=8 per=1 ;;
map_64m_huge) mark=10 per=1 ;;
*) die "ROW=$3: the rows are nop, submit, depth64, uring64, map_64m and map_64m_huge" ;;
esac
cd "$TOP"
kernel=$(scripts/kernel.sh "$2")
# shellcheck disable=SC2086 # DRIVER-SCRIPT may have arguments
module=$($1 "$2")
inside=/lib/modules/${module##*/}
read -ra needed <<<"$(scripts/guest-modules.sh "$2" "$module" | tr '\n' ' ')"
logs=$LOGS/profile
rm -rf "$logs"
mkdir -p "$logs"
step "PROFILE $3" "$logs/run.log" 0 scripts/enter.sh build/cargo/release/goya-guest --tcg --smp 1 --timeout 600 \
	--qemu-arg=-plugin --qemu-arg="file=build/cargo/release/libgoya_count.so,marks=$logs/marks,profile=$mark:$logs/blocks" \
	--kernel-arg=nokaslr --kernel "$kernel/arch/x86/boot/bzImage" --card-bin build/cargo/release/goya-card "${needed[@]}" \
	--log-dir "$logs" --file "$module:$inside" \
	--file build/guest/x86_64-unknown-linux-gnu/release/goya-bench:/bin/goya-bench \
	-- sh -c "GOYA_MODULE=$inside goya-bench count && cat /proc/kallsyms"
scripts/enter.sh scripts/profile.py "$logs" "$mark" "$per"
