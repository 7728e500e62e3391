#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Makes the toolbox: a Debian 13 root file system with compiler, bindgen and QEMU, and the kernel
# source unpacked beside it. Prints the toolbox's path.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# The recipe's number goes up when this script makes something else from the same packages.
id=$(echo trixie recipe 1 | key "$TOP/scripts/packages.txt")
box=$CACHE/toolbox-$id
if [ -e "$box/.complete" ]; then
	echo "$box"
	exit
fi
need mmdebstrap mmdebstrap
need bwrap bubblewrap
lock toolbox
if [ -e "$box/.complete" ]; then
	echo "$box"
	exit
fi
tmp=$(mktemp -d "$CACHE/toolbox.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

packages=$(grep -v '^#' "$TOP/scripts/packages.txt" | paste -sd,)
bootstrap() {
	# Newer QEMU and the kernel source come from backports, on the mirror of the rest.
	# shellcheck disable=SC2016 # the hooks expand $1 themselves
	mmdebstrap --variant=apt --skip=cleanup/reproducible \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--setup-hook='sed -n "s/ trixie / trixie-backports /p" "$1"/etc/apt/sources.list >"$1"/etc/apt/sources.list.d/backports.list' \
		--setup-hook='printf "Package: qemu* seabios ipxe* linux-source-*\nPin: release n=trixie-backports\nPin-Priority: 600\n" >"$1"/etc/apt/preferences.d/backports' \
		--include="$packages" trixie "$tmp/root.tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
}
if ! step "TOOLBOX Debian 13 with compiler, bindgen and QEMU" "$LOGS/toolbox.log" 0 bootstrap; then
	if grep -q "linux-source-$KERNEL_VERSION" "$LOGS/toolbox.log"; then
		echo "linux-source-$KERNEL_VERSION may be gone from the archive. Linux 7.3.x is supported:" >&2
		echo "give a source tree of it with KDIR=/path/to/linux and remove the line from scripts/packages.txt." >&2
	fi
	exit 1
fi
mkdir "$tmp/root"
step "TOOLBOX unpacking" "$LOGS/toolbox-unpack.log" 0 \
	tar -C "$tmp/root" -xf "$tmp/root.tar" --no-same-owner --exclude='./dev/*'
rm "$tmp/root.tar"
if [ ! -e "$CACHE/linux-source-$id/Makefile" ]; then
	mkdir -p "$tmp/linux"
	for tarball in "$tmp"/root/usr/src/linux-source-*.tar.xz; do
		[ -e "$tarball" ] || continue
		step "SOURCE Linux $KERNEL_VERSION" "$LOGS/source.log" 0 \
			tar -C "$tmp/linux" -xf "$tarball" --strip-components=1 --no-same-owner
	done
	rm -rf "$CACHE/linux-source-$id"
	mv "$tmp/linux" "$CACHE/linux-source-$id"
fi
rm -rf "$tmp"/root/usr/src/linux-source-*
ln -s "$CACHE/linux-source-$id" "$tmp/root/linux-source"
touch "$tmp/root/.complete"
rm -rf "$box"
mv "$tmp/root" "$box"
echo "$box"
