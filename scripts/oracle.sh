#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds the oracle: upstream's habanalabs.ko with the two cures that it needs on Goya
# (Documentation/upstream-bugs.rst). oracle.sh release|debug prints the module's path.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

flavour=${1:?usage: oracle.sh release|debug}
build=$("$TOP/scripts/kernel.sh" "$flavour")
source=$(readlink "$("$TOP/scripts/toolbox.sh")/linux-source")
id=$(basename "$build" | key "$0")
out=$CACHE/oracle-$flavour-$id
if [ -e "$out/.complete" ]; then
	echo "$out/habanalabs.ko"
	exit
fi
lock "oracle-$flavour"
rm -rf "$out"
trap '[ -e "$out/.complete" ] || rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"
cp -r "$source/drivers/accel/habanalabs/." "$out"

# cure FILE ANCHOR LINE: puts LINE behind the one line that ANCHOR matches.
cure() {
	local count
	count=$(grep -c -- "$2" "$out/$1" || true)
	[ "$count" = 1 ] || die "$1: \"$2\" is there $count times, not once: this kernel needs a new look"
	sed -i "/$2/a\\
$3" "$out/$1"
}
cure goya/goya.c 'prop->mmu_pgt_size = MMU_PAGE_TABLES_SIZE;' \
	'	prop->dmmu.pgt_size = prop->mmu_pgt_size;'
cure common/habanalabs_drv.c '^static const struct file_operations hl_fops = {' \
	'	.fop_flags = FOP_UNSIGNED_OFFSET,'

step "ORACLE upstream's habanalabs.ko ($flavour)" "$LOGS/oracle-$flavour.log" 0 \
	"$TOP/scripts/enter.sh" make -C "$build" M="$out" LLVM=1 -j"$(nproc)" \
	CONFIG_DRM_ACCEL_HABANALABS=m KBUILD_MODPOST_WARN=1 modules
touch "$out/.complete"
echo "$out/habanalabs.ko"
