#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Installs the packages in a Debian 13 with Debian's kernel, and boots that with an emulated card: tests/deb/native.sh runs in
# it without a card, where compiling is fast, tests/deb/guest.sh with one. Prints KTAP, and the sum as its last line.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

cd "$TOP"
project=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
first=$(GOYA_VERSION=$project "$TOP/scripts/deb.sh")
# As the next version would be: the same, with another name.
second=$(GOYA_VERSION=$project+1 GOYA_DEB_AGAIN=1 "$TOP/scripts/deb.sh")
release=$(<"$("$TOP/scripts/stock.sh")/release")

base=$("$TOP/scripts/deb-root.sh")/root.tar

lock test-deb
work=$(mktemp -d "$(scratch)/goya-test-deb.XXXXXX")
HALF=("$work")
mkdir -p "$work/debs"
cp "$first"/*.deb "$second"/*.deb tests/deb/*.sh "$work/debs"
# There is no such version for anybody else.
rm -rf "$second"
tar -C "$work/debs" -cf "$work/debs.tar" .
log=$LOGS/test-deb.log

# In the root, with all of Debian's users: mmdebstrap knows how, as root and as an ordinary user.
native() {
	local private=()
	if [ "$(id -u)" = 0 ]; then
		export TMPDIR=$work
		# What it mounts goes with it, however it ends.
		private=(unshare --mount --pid --fork --kill-child)
	fi
	# shellcheck disable=SC2016 # the hooks expand $1 themselves
	"${private[@]}" mmdebstrap --variant=custom --skip=update,setup,cleanup \
		--setup-hook='tar -C "$1" -xf '"$base --exclude=./dev/* && mkdir -p "'"$1/dev/pts" "$1/dev/shm" && ln -s /proc/self/fd "$1/dev/fd"' \
		--customize-hook='mkdir -p "$1/goya"' --customize-hook="tar-in $work/debs.tar /goya" \
		--customize-hook='chroot "$1" bash /goya/native.sh '"$release $project" \
		trixie "$work/disk.tar" </dev/null
}
boot() {
	local box
	box=$("$TOP/scripts/toolbox.sh" deb)
	GOYA_TOOLBOX=$box "$TOP/scripts/enter.sh" mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$work/disk.tar" "$work/disk.img" 4G
	tar -C "$work" --strip-components=2 -xf "$work/disk.tar" "./boot/vmlinuz-$release" "./boot/initrd.img-$release"
	# Bounded: a guest that hangs says nothing.
	timeout 600 env -u XDG_RUNTIME_DIR GOYA_CARD="$TOP/build/cargo/release/goya-card" "$TOP/scripts/enter.sh" \
		packaging/goya-vm -f raw -m 2G "$work/disk.img" -no-reboot -monitor none \
		-serial "file:$LOGS/test-deb-console.log" -serial "file:$work/guest" \
		-kernel "$work/vmlinuz-$release" -initrd "$work/initrd.img-$release" \
		-append "root=/dev/vda rw console=ttyS0,115200 no_timer_check panic=-1 systemd.unit=goya-check.target"
}
touch "$work/guest"
rc=0
step "DEB-TEST packages, without a card" "$log" 0 native || rc=1
if [ $rc -eq 0 ]; then
	# Guests have time bounds: where others are booted meanwhile (.ci/run), it is one after the other, and without delay.
	[ -z "${GOYA_GUESTS:-}" ] || { exec 8>"$GOYA_GUESTS" && flock 8; }
	GOYA_NICE='' step "DEB-TEST packages, in a guest with a card" "$LOGS/test-deb-qemu.log" 0 boot || rc=1
	exec 8>&-
	tr -d '\r' <"$work/guest" | tee "$LOGS/test-deb-guest.log" >>"$log"
fi

# Each says "result: ok NAME" or "result: not ok NAME", and at its end "result: end".
results=$(grep -hE '^result: ' "$log" | sed 's/^result: //') || true
echo "KTAP version 1"
awk '/^(not )?ok / {n++; sub("ok ", "ok " n " "); print}
	END {print "1.." n + 0}' <<<"$results"
passed=$(grep -c '^ok ' <<<"$results") || true
failed=$(grep -c '^not ok ' <<<"$results") || true
if [ $rc -ne 0 ] || [ "$(grep -c '^end$' <<<"$results")" != 2 ]; then
	echo "# it did not come to its end: $log, $LOGS/test-deb-console.log"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
