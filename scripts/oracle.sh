#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Builds the oracle: upstream's habanalabs.ko with the cures that it needs on Goya
# (Documentation/upstream-bugs.rst). oracle.sh FLAVOUR prints the module's path; the flavours are
# those of kernel.sh.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

flavour=${1:-}
case $flavour in
release | debug | hardened | stock) ;;
*) die "usage: oracle.sh release|debug|hardened|stock" ;;
esac
build=$("$TOP/scripts/kernel.sh" "$flavour")
# The driver's source is that of the kernel: the tree itself, where it was built from, or the toolbox's.
for source in "$build" "$build/source" "$("$TOP/scripts/toolbox.sh")/linux-source"; do
	[ ! -e "$source/drivers/accel/habanalabs/goya/goya.c" ] || break
done
source=$(readlink -f "$source")
driver=$source/drivers/accel/habanalabs
[ -e "$driver/goya/goya.c" ] || die "no source of the habanalabs driver is at hand: none in the toolbox, none in KDIR"

# The recipe's number goes up when this script builds something else.
id=$(echo "$build recipe 3" | key /dev/null)
out=$CACHE/oracle-$flavour-$id
# A kernel that a user names can be built again at the same place.
if [ -e "$out/.complete" ] && { [ -z "${KDIR:-}" ] || [ "$out/.complete" -nt "$build/Module.symvers" ]; }; then
	echo "$out/habanalabs.ko"
	exit
fi
lock "oracle-$flavour"
if [ -e "$out/.complete" ] && [ "$out/.complete" -nt "$build/Module.symvers" ]; then
	echo "$out/habanalabs.ko"
	exit
fi
rm -rf "$out"
HALF=("$out")
mkdir -p "$out"
cp -r "$driver/." "$out"
chmod -R u+w "$out"

# cure FILE ANCHOR LINE: puts LINE behind the one line that ANCHOR matches.
cure() {
	local count
	count=$(grep -c -- "$2" "$out/$1" || true)
	[ "$count" = 1 ] || die "$1: \"$2\" is there $count times, not once: this kernel needs a new look"
	! grep -qF -- "${3#	}" "$out/$1" || die "$1 has \"${3#	}\" already: this kernel needs no cure there"
	sed -i "/$2/a\\
$3" "$out/$1"
}
cure goya/goya.c 'prop->mmu_pgt_size = MMU_PAGE_TABLES_SIZE;' \
	'	prop->dmmu.pgt_size = prop->mmu_pgt_size;'
cure common/habanalabs_drv.c '^static const struct file_operations hl_fops = {' \
	'	.fop_flags = FOP_UNSIGNED_OFFSET,'
# Without this one the driver works, but the first use of the lock makes lockdep switch itself off.
cure common/context.c 'hash_init(ctx->outcome_store.outcome_map);' \
	'	spin_lock_init(&ctx->outcome_store.db_lock);'
# Nor without this one, which a card needs that does not come up.
cure common/device.c 'spin_lock_init(&hdev->cs_mirror_lock);' \
	'	spin_lock_init(&hdev->vm.idr_lock);'

llvm=
if grep -qx 'CONFIG_CC_IS_CLANG=y' "$build/include/config/auto.conf"; then
	llvm=LLVM=1
fi
# 40 lines: one for each object, and those of the linking.
GOYA_BIND=$source step "ORACLE upstream's habanalabs.ko ($flavour)" "$LOGS/oracle-$flavour.log" 42 \
	"$TOP/scripts/enter.sh" make -C "$build" M="$out" $llvm -j"$(nproc)" \
	CONFIG_DRM_ACCEL_HABANALABS=m modules
touch "$out/.complete"
HALF=()
echo "$out/habanalabs.ko"
